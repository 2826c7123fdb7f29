package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
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

	doing  string // in front of the reference
	what   string
	reason validate.Reason
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s", e.doing, e.Reference, e.what)
}

func (e *Error) Unwrap() error { return e.Err }

// Reason implements engine.Reasoner.
func (e *Error) Reason() validate.Reason { return e.reason }

// Where an error happened, for explain.
type (
	credentialError struct{ error } // before anything was sent
	pingError       struct {        // at the first contact
		error
		from string // where the credentials were from
	}
	tokenError   struct{ error } // at the token server
	cutError     struct{ error } // within a body
	contentError struct{ error } // the bytes are not what they should be
	missingError struct{ error } // the registry says that there is no such thing
)

func (e *credentialError) Unwrap() error { return e.error }
func (e *pingError) Unwrap() error       { return e.error }
func (e *tokenError) Unwrap() error      { return e.error }
func (e *cutError) Unwrap() error        { return e.error }
func (e *contentError) Unwrap() error    { return e.error }

// explain finds the reason of an error and says what to do.
func (h *host) explain(ctx context.Context, err error, side validate.Side, reference string) *Error {
	e := &Error{Side: side, Reference: reference, Err: err, doing: "reading " + side.String(), what: plain(err), reason: validate.Unreachable}
	var (
		credential *credentialError
		token      *tokenError
		ping       *pingError
		content    *contentError
		missing    *missingError
		cut        *cutError
		status     *transport.Error
		dns        *net.DNSError
		network    net.Error
		op         *net.OpError
		down       *downError
		parked     *parkedError
		verify     *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &down):
		e.what = down.Error()
	case errors.As(err, &parked):
		e.reason, e.what = validate.RateLimited, parked.Error()
	case errors.As(err, &content):
		e.reason = validate.BadManifest
	case errors.As(err, &missing):
		e.reason = [...]validate.Reason{validate.Source: validate.SourceMissing, validate.Destination: validate.DestinationMissing}[side]
	case errors.As(err, &credential):
		e.reason = validate.Unauthorized
	case errors.As(err, &verify): // whatever plain HTTP, tried after it, gave
		e.what += certificateHint(verify, h.failing(err))
	case errors.As(err, &op) && op.Op == "remote error" && strings.Contains(op.Error(), "certificate"): // of TLS; likewise
		e.what = fmt.Sprintf("%s (%s wants a client certificate that it trusts: save it as client.cert and client.key in %s)",
			op, h.failing(err), shownFolder(h.failing(err)))
	case errors.As(err, &status):
		from := ""
		if errors.As(err, &ping) {
			from = ping.from
		}
		e.reason, e.what = h.refused(status, errors.As(err, &token), ping != nil, from)
	case errors.Is(err, http.ErrSchemeMismatch) && h.mayUseHTTP():
		// It was tried over plain HTTP, too, and that is what failed.
		if _, second, ok := strings.Cut(err.Error(), "; "); ok {
			e.what = readable(second)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			e.reason = validate.Timeout
		}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.reason = validate.Timeout
		if call, ok := ctx.Value(callKey{}).(*call); ok && call.refused.Load() != 0 {
			status := int(call.refused.Load())
			e.what += fmt.Sprintf("; the last answer was %d %s", status, http.StatusText(status))
		} else if state := h.state(); state != "" {
			e.what += fmt.Sprintf("; %s: %s", h.name, state)
		} else if trouble := h.settings.troubled.words(); trouble != "" { // of what images share: a ping, a token
			e.what += fmt.Sprintf("; %s is tried again after: %s", h.name, trouble)
		}
	case errors.Is(err, http.ErrSchemeMismatch):
		e.what = fmt.Sprintf("%s speaks plain HTTP: give --tls-verify=false if that is right", h.address)
	case errors.As(err, &dns) && dns.IsNotFound:
		e.what = fmt.Sprintf("no such host %s: check the name, and the resolver of this machine", dns.Name)
	case errors.As(err, &op) && op.Op == "dial":
		e.what += fmt.Sprintf(" (is %s up, and its port right?)", h.failing(err))
	case errors.As(err, &network) && network.Timeout():
		e.reason = validate.Timeout
	case errors.As(err, &cut) && ctx.Err() == nil:
		e.what = "the answer was cut short: " + plain(err)
		if tries := h.client.tries(); tries > 1 {
			e.what = fmt.Sprintf("the answer was cut short %d times: %s", tries, plain(err))
		}
	}
	return e
}

// refused explains an answer with a status that says no.
func (h *host) refused(e *transport.Error, atToken, atPing bool, from string) (validate.Reason, string) {
	what := fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	if words := registryWords(e); words != "" {
		what += ": " + h.withoutSecrets(words)
	}
	if atToken {
		what = "the token server answered " + what
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if e.Request != nil && !atToken && !h.is(e.Request.URL.Host) {
			return validate.Unauthorized, fmt.Sprintf("%s (from %s, to which the registry redirects)", what, e.Request.URL.Host)
		}
		return validate.Unauthorized, what + h.credentialHint(from)
	case http.StatusTooManyRequests:
		return validate.RateLimited, what
	}
	if atPing {
		what = fmt.Sprintf("%s does not answer as a registry does: GET /v2/ gave %s", h.address, what)
	}
	return validate.Unreachable, what
}

// credentialHint says which credentials were refused; from is where they were
// from, if no session knows.
func (h *host) credentialHint(from string) string {
	if s := h.session.last(); s != nil {
		from = s.from
	}
	if from == "" {
		return fmt.Sprintf(" (no credentials for %s; run \"docker login %s\")", h.address, h.address)
	}
	return fmt.Sprintf(" (with the credentials for %s of %s)", cmp.Or(h.namespace, h.address), from)
}

func certificateHint(err error, host string) string {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Sprintf(" (is the certificate of %s self-signed? save its authority's as %s/ca.crt, or give --tls-verify=false)", host, shownFolder(host))
	}
	return " (--tls-verify=false accepts any certificate)"
}

// shownFolder is where the user may put certificates for a host.
func shownFolder(host string) string {
	folder := certificateFolders(host)[0]
	if home, err := os.UserHomeDir(); err == nil {
		if below, ok := strings.CutPrefix(folder, home+string(filepath.Separator)); ok {
			return filepath.Join("~", below)
		}
	}
	return folder
}

// failing is the host whose connection failed: the registry, its token server,
// or where it redirects to.
func (h *host) failing(err error) string {
	if u := innermost(err); u != nil {
		if parsed, e := url.Parse(u.URL); e == nil && !h.is(parsed.Host) {
			return parsed.Host
		}
	}
	return h.address
}

// is says whether a host is the registry's own.
func (h *host) is(address string) bool {
	registry, err := name.NewRegistry(h.address)
	return err == nil && registry.RegistryStr() == address
}

// mayUseHTTP says whether the registry may be spoken to over plain HTTP.
func (h *host) mayUseHTTP() bool {
	return h.settings.PlainHTTP || h.client.insecure(h.settings.Settings) || loopback(h.address)
}

// innermost returns the innermost *url.Error of an error, or nil. Of the two
// attempts at a registry that may speak plain HTTP it is the first that has
// something to say.
func innermost(err error) *url.Error {
	var found *url.Error
	for u := (*url.Error)(nil); errors.As(err, &u); err = u.Err {
		found = u
	}
	return found
}
