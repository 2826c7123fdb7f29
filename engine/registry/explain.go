package registry

import (
	"cmp"
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

// explain returns the *Error for an error: it finds the reason and the message.
//
// This program's own errors implement the interface explained, so they know their
// reason and message. For an error of a library, recognize makes such an error.
func (h *host) explain(ctx context.Context, call *wire.Call, err error, side validate.Side, reference string) *Error {
	e := &Error{Side: side, Reference: reference, Err: err, doing: "reading " + side.String()}
	missing, gone := (*missingError)(nil), (*goneError)(nil)
	locked, realm := (*access.LockedError)(nil), (*access.RealmError)(nil)
	switch {
	case errors.As(err, &locked):
		found, _ := h.account.Login()
		e.known = &hintedError{locked, login{address: h.registry.address, namespace: h.account.User.Namespace, from: found.From, where: found.Where, certain: true}.hint()}
	case errors.As(err, &realm) && realm.Nameable && h.client.options.TokenServerHint != "":
		e.known = &hintedError{realm, fmt.Sprintf(" (if it is right, name it: %s)", h.client.options.TokenServerHint)}
	case errors.As(err, &missing):
		e.known = &missingError{missing.words, side}
	case errors.As(err, &gone):
		e.known = &missingError{"the registry redirects to its store, and " + gone.Error(), side}
	case errors.As(err, &e.known):
	default:
		e.known = h.recognize(ctx, call, err)
	}
	e.known = &redactedError{e.known, h.account.Redact}
	return e
}

// recognize explains an error of a library. The order of the cases matters, because
// one error may hold several. For example, if HTTPS and then HTTP were tried, the
// error holds the errors of both.
func (h *host) recognize(ctx context.Context, call *wire.Call, err error) explained {
	var (
		verify  *tls.CertificateVerificationError
		op      *net.OpError
		status  *transport.Error
		dns     *net.DNSError
		network net.Error
	)
	switch {
	case errors.As(err, &verify): // counts more than an error of plain HTTP
		return &certificateError{verify: verify, words: wire.Plain(err), host: h.failedHost(err), hint: h.client.options.InsecureHint}
	case errors.As(err, &op) && isClientCertificate(op): // counts more than an error of plain HTTP, too
		return &clientCertificateError{op: op, host: h.failedHost(err)}
	case errors.As(err, &status):
		return h.refused(status, err)
	case errors.Is(err, http.ErrSchemeMismatch) && h.account.MayUseHTTP():
		return plainHTTPFailed(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &timeoutError{wire.Plain(err) + h.redirected(err) + h.lateHint(call)}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &plainHTTPError{address: h.registry.address, hint: h.client.options.InsecureHint}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &unreachableError{fmt.Sprintf("no such host %s: check the name, and the resolver of this machine%s", wire.HostName(dns.Name), h.redirected(err))}
	case errors.As(err, &op) && op.Op == "dial":
		return &unreachableError{fmt.Sprintf("%s (is %s up, and its port right?)", wire.Plain(err), h.failedHost(err))}
	case errors.As(err, &network) && network.Timeout():
		return &timeoutError{wire.Plain(err) + h.redirected(err)}
	case errors.As(err, new(*wire.CutError)) && ctx.Err() == nil:
		return &unreachableError{cutShort(err, h.client.network.Tries())}
	}
	return &unreachableError{wire.Plain(err) + h.redirected(err)}
}

// redirected returns words for an error of a host that is not the registry. It returns
// "" for an error of the registry itself.
func (h *host) redirected(err error) string {
	switch failed := h.failedHost(err); {
	case failed == h.registry.address:
		return ""
	case errors.As(err, new(*access.TokenError)):
		return fmt.Sprintf(" (from %s, the registry's token server)", failed)
	default:
		return fmt.Sprintf(" (from %s, to which the registry redirects)", failed)
	}
}

// refused explains an answer whose status refuses the request.
func (h *host) refused(status *transport.Error, err error) explained {
	ping := (*access.PingError)(nil)
	e := &refusedError{
		status:          status,
		address:         h.registry.address,
		words:           wire.RegistryWords(status),
		fromTokenServer: errors.As(err, new(*access.TokenError)),
		atPing:          errors.As(err, &ping),
	}
	if refused, ok := errors.AsType[*wire.RefusedError](err); ok {
		e.body = refused.Body
		e.body.Title = h.account.Redact(e.body.Title)
		e.words = cmp.Or(e.words, e.body.Words)
	}
	e.words = h.account.Redact(e.words)
	if unconfirmed, ok := errors.AsType[*unconfirmedError](err); ok {
		e.ping = unconfirmed.ping
	}
	if request := status.Request; request != nil && !e.fromTokenServer {
		if h.isStore(request) {
			e.redirectedTo = wire.HostName(request.URL.Host)
		}
		e.failsAlone = h.chain.FailsAlone(request.URL)
	}
	e.login = h.login(status, e, ping)
	return e
}

// login returns what is known about the credentials with which a request was refused.
func (h *host) login(status *transport.Error, e *refusedError, ping *access.PingError) login {
	l := login{address: h.registry.address, namespace: h.account.User.Namespace, certain: e.atPing}
	found, known := h.account.Login()
	if !known && ping != nil {
		found = ping.Login
	}
	l.from, l.where = found.From, found.Where
	// A password that is refused as such says nothing of the repository. A token was
	// granted to these credentials, so they are right.
	basic := status.Request != nil && strings.HasPrefix(status.Request.Header.Get("Authorization"), "Basic ")
	l.isRefused = status.StatusCode == http.StatusUnauthorized && (basic || e.fromTokenServer)
	other := h.readable.Load()
	switch {
	case other != nil && isFor(status.Request, *other), isForBlob(status.Request): // whoever asks for a blob has read its manifest
		l.certain = true
	case other != nil:
		l.readable = *other
	}
	return l
}

func isForBlob(request *http.Request) bool {
	return request != nil && strings.Contains(request.URL.Path, "/blobs/")
}

// isFor reports whether a request is for a repository.
func isFor(request *http.Request, repository string) bool {
	if request == nil {
		return false
	}
	return strings.HasPrefix(request.URL.Path, "/v2/"+repository+"/") ||
		strings.Contains(request.URL.Query().Get("scope"), "repository:"+repository+":") // a request for a token
}

// plainHTTPFailed explains the error of a registry that does not speak HTTPS, and
// whose answer over plain HTTP failed, too. The error has the messages of both
// attempts; the second one counts.
func plainHTTPFailed(err error) explained {
	words := wire.Plain(err)
	if _, second, ok := strings.Cut(err.Error(), "; "); ok {
		words = wire.Readable(second)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &timeoutError{words}
	}
	return &unreachableError{words}
}

// lateHint says why an image took too long. It returns "" if this is not known.
func (h *host) lateHint(call *wire.Call) string {
	if status := call.Refused(); status != 0 {
		return fmt.Sprintf("; the last answer was %d %s", status, http.StatusText(status))
	}
	if state := h.chain.State(); state != "" {
		return fmt.Sprintf("; %s: %s", h.name, state)
	}
	if reason := h.chain.RetryReason(); reason != "" { // perhaps of a ping or a token, for which many images wait
		return fmt.Sprintf("; %s is tried again after: %s", h.name, reason)
	}
	return ""
}

// failedHost returns the host whose connection failed. It may be the registry, its
// token server, or a host to which the registry redirects.
func (h *host) failedHost(err error) string {
	if u := wire.Innermost(err); u != nil {
		if parsed, e := url.Parse(u.URL); e == nil && parsed.Host != "" && !h.isOwn(parsed.Host) {
			return wire.HostName(parsed.Host)
		}
	}
	return h.registry.address
}
