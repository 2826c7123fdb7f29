package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/validate"
)

// What went wrong, in the words of whoever has to mend it.

// Error says that a registry could not be asked, or that its answer is none:
// nothing is known of the image.
type Error struct {
	Side      validate.Side
	Reference string // what was to be read
	Err       error

	what   string
	reason validate.Reason
}

func (e *Error) Error() string {
	return fmt.Sprintf("reading %s %s: %s", e.Side, e.Reference, e.what)
}

func (e *Error) Unwrap() error { return e.Err }

// Reason implements engine.Reasoner.
func (e *Error) Reason() validate.Reason { return e.reason }

// Where an error happened, for explain.
type (
	credentialError struct{ error } // before anything was sent
	pingError       struct{ error } // at the first contact
	tokenError      struct{ error } // at the token server
	cutError        struct{ error } // within a body
	contentError    struct{ error } // the bytes are not what they should be
)

func (e *credentialError) Unwrap() error { return e.error }
func (e *pingError) Unwrap() error       { return e.error }
func (e *tokenError) Unwrap() error      { return e.error }
func (e *cutError) Unwrap() error        { return e.error }

// explain finds the reason of an error and says what to do.
func (h *host) explain(err error, side validate.Side, reference string) error {
	e := &Error{Side: side, Reference: reference, Err: err, what: plain(err), reason: validate.Unreachable}
	var (
		credential *credentialError
		token      *tokenError
		ping       *pingError
		content    *contentError
		cut        *cutError
		status     *transport.Error
		dns        *net.DNSError
		network    net.Error
		op         *net.OpError
		verify     *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &content):
		e.reason = validate.BadManifest
	case errors.As(err, &credential):
		e.reason = validate.Unauthorized
	case errors.As(err, &verify): // whatever plain HTTP, tried after it, gave
		e.what += h.certificateHint(verify)
	case errors.As(err, &status):
		e.reason, e.what = h.refused(status, errors.As(err, &token), errors.As(err, &ping))
	case errors.Is(err, context.DeadlineExceeded):
		e.reason = validate.Timeout
	case errors.Is(err, http.ErrSchemeMismatch):
		e.what = fmt.Sprintf("%s speaks plain HTTP: give --tls-verify=false if that is right", h.name)
	case errors.As(err, &dns) && dns.IsNotFound:
		e.what = fmt.Sprintf("no such host %s: check the name, and the resolver of this machine", dns.Name)
	case errors.As(err, &op) && op.Op == "dial":
		e.what += fmt.Sprintf(" (is %s up, and its port right?)", h.name)
	case errors.As(err, &network) && network.Timeout():
		e.reason = validate.Timeout
	case errors.As(err, &cut):
		e.what = fmt.Sprintf("the answer was cut short %d times: %s", bodyTries, plain(err))
	}
	return e
}

// refused explains an answer with a status that says no.
func (h *host) refused(e *transport.Error, atToken, atPing bool) (validate.Reason, string) {
	what := fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	if words := registryWords(e); words != "" {
		what += ": " + words
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if atToken {
			what = "the token server answered " + what
		}
		return validate.Unauthorized, what + h.credentialHint()
	case http.StatusTooManyRequests:
		return validate.RateLimited, what
	}
	if atPing {
		what = fmt.Sprintf("%s does not answer as a registry does: GET /v2/ gave %s", h.name, what)
	}
	return validate.Unreachable, what
}

func (h *host) credentialHint() string {
	from := ""
	if h.login != nil {
		from = h.login.From
	}
	h.session.mu.Lock()
	if s := h.session.value; s != nil {
		from = s.from
	}
	h.session.mu.Unlock()
	if from == "" {
		return fmt.Sprintf(" (no credentials for %s; run \"docker login %s\")", h.name, h.name)
	}
	return fmt.Sprintf(" (with the credentials for %s of %s)", h.name, from)
}

func (h *host) certificateHint(err error) string {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Sprintf(" (is the certificate of %s self-signed? let this machine trust its authority, or give --tls-verify=false)", h.name)
	}
	return " (--tls-verify=false accepts any certificate)"
}

// registryWords returns what the registry itself wrote, on one line.
func registryWords(e *transport.Error) string {
	var words []string
	for _, d := range e.Errors {
		words = append(words, strings.TrimSpace(string(d.Code)+" "+d.Message))
	}
	return oneLine(strings.Join(words, "; "))
}

// plain writes an error without what explain says anyway: the URL, and both
// attempts of a registry that is tried over HTTPS and HTTP.
func plain(err error) string {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return oneLine(err.Error())
}

// oneLine keeps what a registry wrote from breaking the log, or a terminal.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	const most = 500
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.TrimSpace(s)
}
