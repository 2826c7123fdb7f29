package access

import (
	"errors"
	"fmt"
	"net/url"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/wire"
)

// Settings say how to speak to one registry. If a setting is left out, the options
// of the run and the user's configuration count.
type Settings struct {
	Endpoint string // the HOST[:PORT] that gets the requests in place of the registry

	Username, Password string
	Token              string // a bearer token, which is sent unchanged

	CA        string // PEM file with CA certificates to trust, besides those of the machine
	Cert, Key string // PEM files of a client certificate
	TLSVerify *bool
	PlainHTTP bool // speak HTTP without TLS

	// TokenServer is the only token server of the registry that is asked, as
	// HOST[:PORT] or as a URL without a path. "" means that the registry names one,
	// within the rules of realmRules.
	TokenServer string

	// SharedBlobs says whether the registry stores a blob once for all its repositories.
	SharedBlobs *bool

	RequestsPerSecond float64 // 0 means no limit
	MaxRequests       int     // the most requests at once; 0 means no limit
}

// Check returns an error if settings contradict each other.
func (s Settings) Check() error {
	if s.Endpoint != "" {
		if err := imagelist.CheckRegistry(s.Endpoint); err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
	}
	if s.TokenServer != "" {
		if _, err := parseTokenServer(s.TokenServer); err != nil {
			return err
		}
	}
	switch {
	case wire.ReachOf((&url.URL{Host: s.Endpoint}).Hostname()) == wire.LinkLocal:
		return errors.New("endpoint: a link-local address is not asked: clouds keep the credentials of their machines there")
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
	return nil
}

// Redact hides the secrets of the settings in words.
func (s Settings) Redact(words string) string { return hide(words, secretsOf(s.Password, s.Token)) }

// allowsHTTP reports whether the settings, and not the user's options, allow plain HTTP.
func (s Settings) allowsHTTP() bool { return s.PlainHTTP || s.TLSVerify != nil && !*s.TLSVerify }

// IsInsecure reports whether plain HTTP and any certificate are accepted. usual is
// the answer if the settings do not say.
func (s Settings) IsInsecure(usual bool) bool {
	if s.TLSVerify != nil {
		return !*s.TLSVerify
	}
	return usual
}
