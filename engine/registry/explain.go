package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/engine/registry/access"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// explain finds the reason of an error and the words for it.
//
// Errors of this program are explained: they know both. Errors of libraries are
// recognized here, and become explained errors.
func (h *host) explain(ctx context.Context, call *wire.Call, err error, side validate.Side, reference string) *Error {
	e := &Error{Side: side, Reference: reference, Err: err, doing: "reading " + side.String()}
	missing := (*missingError)(nil)
	switch {
	case errors.As(err, &missing):
		e.known = &missingError{missing.words, side}
	case errors.As(err, &e.known):
	default:
		e.known = h.recognize(ctx, call, err)
	}
	return e
}

// recognize explains an error of a library. The order of the cases counts, since
// an error may hold several: where both HTTPS and HTTP were tried, it holds the
// errors of both.
func (h *host) recognize(ctx context.Context, call *wire.Call, err error) explained {
	var (
		verify  *tls.CertificateVerificationError
		op      *net.OpError
		status  *transport.Error
		dns     *net.DNSError
		network net.Error
	)
	switch {
	case errors.As(err, &verify): // whatever plain HTTP gave
		return &certificateError{verify: verify, words: wire.Plain(err), host: h.failing(err), hint: h.client.options.InsecureHint}
	case errors.As(err, &op) && isClientCertificate(op): // likewise
		return &clientCertificateError{op: op, host: h.failing(err)}
	case errors.As(err, &status):
		return h.refused(status, err)
	case errors.Is(err, http.ErrSchemeMismatch) && h.account.MayUseHTTP():
		return overHTTP(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &timeoutError{wire.Plain(err) + h.lateBecause(call)}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &plainHTTPError{address: h.registry.address, hint: h.client.options.InsecureHint}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &unreachableError{fmt.Sprintf("no such host %s: check the name, and the resolver of this machine", dns.Name)}
	case errors.As(err, &op) && op.Op == "dial":
		return &unreachableError{fmt.Sprintf("%s (is %s up, and its port right?)", wire.Plain(err), h.failing(err))}
	case errors.As(err, &network) && network.Timeout():
		return &timeoutError{wire.Plain(err)}
	case errors.As(err, new(*wire.CutError)) && ctx.Err() == nil:
		return &unreachableError{cutShort(err, h.client.network.Tries())}
	}
	return &unreachableError{wire.Plain(err)}
}

// refused explains an answer with a status that says no.
func (h *host) refused(status *transport.Error, err error) explained {
	ping := (*access.PingError)(nil)
	e := &refusedError{
		status:          status,
		address:         h.registry.address,
		words:           h.account.Redact(wire.RegistryWords(status)),
		fromTokenServer: errors.As(err, new(*access.TokenError)),
		atPing:          errors.As(err, &ping),
	}
	if status.Request != nil && !e.fromTokenServer && !h.is(status.Request.URL.Host) {
		e.redirectedTo = status.Request.URL.Host
	}
	from, known := h.account.From()
	if !known && ping != nil {
		from = ping.From
	}
	e.hint = credentialHint(h.registry.address, h.account.User.Namespace, from)
	return e
}

// overHTTP explains why a registry that does not speak HTTPS did not answer over
// plain HTTP either. Its error has the words of both attempts.
func overHTTP(err error) explained {
	words := wire.Plain(err)
	if _, second, ok := strings.Cut(err.Error(), "; "); ok {
		words = wire.Readable(second)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &timeoutError{words}
	}
	return &unreachableError{words}
}

// lateBecause says what took the time of an image, if that is known.
func (h *host) lateBecause(call *wire.Call) string {
	if status := call.Refused(); status != 0 {
		return fmt.Sprintf("; the last answer was %d %s", status, http.StatusText(status))
	}
	if state := h.way.State(); state != "" {
		return fmt.Sprintf("; %s: %s", h.name, state)
	}
	if trouble := h.way.Trouble(); trouble != "" { // of what images share: a ping, a token
		return fmt.Sprintf("; %s is tried again after: %s", h.name, trouble)
	}
	return ""
}

// failing returns the host whose connection failed: the registry, its token
// server, or where it redirects to.
func (h *host) failing(err error) string {
	if u := wire.Innermost(err); u != nil {
		if parsed, e := url.Parse(u.URL); e == nil && !h.is(parsed.Host) {
			return parsed.Host
		}
	}
	return h.registry.address
}
