package access

import (
	"errors"
	"fmt"

	"mvrun/engine/imagelist"
)

// Settings are how to speak to one registry. What is left out is as the options
// of the run and the user's configuration have it.
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

// Check returns an error if settings contradict each other.
func (s Settings) Check() error {
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
	return nil
}

// IsInsecure reports whether plain HTTP and any certificate will do. usual is
// the answer for registries without settings.
func (s Settings) IsInsecure(usual bool) bool {
	if s.TLSVerify != nil {
		return !*s.TLSVerify
	}
	return usual
}
