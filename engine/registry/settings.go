package registry

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"mvrun/engine/imagelist"
)

// What a user says of one registry.

// Settings are how to speak to one registry. What is left out is as the
// Client's Options and the user's configuration have it.
type Settings struct {
	Endpoint string // HOST[:PORT] that is asked in its place

	Username, Password string
	Token              string // a bearer token, sent as it is

	CA        string // PEM file of authorities to trust, besides the machine's
	Cert, Key string // PEM files of a client certificate
	TLSVerify *bool
	PlainHTTP bool // no TLS at all

	RequestsPerSecond float64 // 0 for no limit
	MaxRequests       int     // at once; 0 for no limit
}

// Configure sets a registry's settings, on both sides. name is as lists write
// it. It has to come before anything is read from that registry.
func (c *Client) Configure(name string, s Settings) error {
	if err := imagelist.CheckRegistry(name); err != nil {
		return err
	}
	if s.Endpoint != "" {
		if err := imagelist.CheckRegistry(s.Endpoint); err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
	}
	switch {
	case (s.Username == "") != (s.Password == ""):
		return errors.New("username and password go together: only one of them is given")
	case s.Token != "" && s.Username != "":
		return errors.New("token and username exclude each other")
	case (s.Cert == "") != (s.Key == ""):
		return errors.New("cert and key go together: only one of them is given")
	case s.PlainHTTP && (s.CA != "" || s.Cert != ""):
		return errors.New("plain_http and certificates exclude each other")
	case s.RequestsPerSecond < 0 || s.MaxRequests < 0:
		return errors.New("requests_per_second and max_requests: want more than 0")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.hosts {
		if key.name == name {
			return errors.New("it was asked already: give its settings before the first request")
		}
	}
	if _, known := c.configured[name]; known {
		return errors.New("its settings were given before: say all of them at once")
	}
	base, err := c.transport(cmp.Or(s.Endpoint, name), s)
	if err != nil {
		return err
	}
	known := &configured{Settings: s, base: base, pace: newPace(s.RequestsPerSecond)}
	if c.options.Once {
		known.pace = newPace(0)
	}
	if s.MaxRequests > 0 {
		known.room = make(chan struct{}, s.MaxRequests)
	}
	c.configured[name] = known
	return nil
}

// configured are a registry's settings at work.
type configured struct {
	Settings
	base     *http.Transport
	troubled troubled
	broken   error // why there is no base: the user's certificates are wrong
	pace     *pace
	room     chan struct{} // nil for no limit
}

// transport returns the connections to a registry: the client's, unless its
// settings or the user's certificates for it differ in TLS. c.mu is held.
func (c *Client) transport(address string, s Settings) (*http.Transport, error) {
	var authority, pair, folder certificates
	if s.CA != "" {
		authority.authorities = []string{s.CA}
	}
	if s.Cert != "" {
		pair.pairs = [][2]string{{s.Cert, s.Key}}
	}
	if !c.options.Anonymous && !s.PlainHTTP {
		var err error
		if folder, err = folderCertificates(address); err != nil {
			return nil, fmt.Errorf("the certificates for %s: %w", address, err)
		}
	}
	if authority.none() && pair.none() && folder.none() && s.TLSVerify == nil {
		return c.base, nil
	}
	base := c.newTransport()
	if s.TLSVerify != nil {
		base.TLSClientConfig.InsecureSkipVerify = !*s.TLSVerify
	}
	if err := authority.addTo(base.TLSClientConfig); err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	if err := pair.addTo(base.TLSClientConfig); err != nil {
		return nil, fmt.Errorf("cert and key: %w", err)
	}
	if err := folder.addTo(base.TLSClientConfig); err != nil {
		return nil, fmt.Errorf("the certificates for %s: %w", address, err)
	}
	c.bases = append(c.bases, base)
	return base, nil
}

// insecure says whether plain HTTP and any certificate will do.
func (c *Client) insecure(s Settings) bool {
	if s.TLSVerify != nil {
		return !*s.TLSVerify
	}
	return c.options.Insecure
}
