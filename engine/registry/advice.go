package registry

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mvrun/engine/registry/access"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// advise splits the message of an error: what happened, and what the user can do. The
// caller hides the secrets that a registry may have repeated in it.
func (h *host) advise(e *Error) (message, advice string) {
	known := e.cause()
	switch k := known.(type) {
	case *certificateError:
		return k.words, h.adviseCertificate(k)
	case *clientCertificateError:
		return k.op.Error(), fmt.Sprintf("%s wants a client certificate that it trusts: save it as client.cert and client.key in %s.", k.host, access.CertificateFolder(k.host))
	case *plainHTTPError:
		return k.address + " speaks plain HTTP", "Give the registry a certificate, since others in the network can read passwords." + h.insecureAdvice(" If plain HTTP is right, give %s.")
	case *hintedError:
		return k.explained.Error(), parenthesised(k.hint)
	case *refusedError:
		return k.answer(), adviseRefusal(k)
	}
	message = known.Error()
	if errors.As(e.Err, new(*wire.RedirectError)) || errors.As(e.Err, new(*wire.AddressError)) {
		return message, "Correct the address of the store in the configuration of the registry."
	}
	switch dns, op := (*net.DNSError)(nil), (*net.OpError)(nil); {
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return "no such host " + wire.HostName(dns.Name), "Check the name, and the resolver of this machine." + h.proxyHint()
	case errors.As(e.Err, &op) && op.Op == "dial":
		return wire.Plain(e.Err), fmt.Sprintf("Check that %s is up, that its port is right, and that no firewall is on the way.", h.failedHost(e.Err)) + h.proxyHint()
	case known.Reason() == validate.Timeout:
		return message, fmt.Sprintf("%s is slow, or a firewall swallows what is sent to it: try again with more time.", h.failedHost(e.Err)) + h.proxyHint()
	case known.Reason() == validate.Unauthorized:
		return message, "Correct what the registry names as its token server, or ask whoever runs it."
	}
	return message, "Look into the log of " + h.failedHost(e.Err) + ", or of what stands before it." + h.proxyHint()
}

// insecureAdvice returns advice that names the setting which accepts any certificate, and
// plain HTTP.
func (h *host) insecureAdvice(format string) string {
	if h.client.options.InsecureHint == "" {
		return ""
	}
	return fmt.Sprintf(format, h.client.options.InsecureHint)
}

// parenthesised returns what stands in the brackets of a hint, as a sentence.
func parenthesised(hint string) string {
	hint = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(hint), "("), ")")
	if hint == "" {
		return ""
	}
	return strings.ToUpper(hint[:1]) + hint[1:] + "."
}

// adviseCertificate says what to do about a certificate that is not trusted.
func (h *host) adviseCertificate(e *certificateError) string {
	invalid, name := x509.CertificateInvalidError{}, x509.HostnameError{}
	switch {
	case errors.As(e.verify, new(x509.UnknownAuthorityError)):
		return fmt.Sprintf("Save the certificate of the authority that made it as %s/ca.crt.", access.CertificateFolder(e.host)) +
			h.insecureAdvice(" To accept any certificate, give %s.")
	case errors.As(e.verify, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil && time.Now().Before(invalid.Cert.NotBefore):
		return "It is not valid yet: check the clock of this machine."
	case errors.As(e.verify, &invalid) && invalid.Reason == x509.Expired:
		return "Whoever runs the registry has to renew it. If it is still valid, check the clock of this machine."
	case errors.As(e.verify, &name):
		return "Ask the registry by a name that its certificate has, or have it made for this name."
	}
	return "Whoever runs the registry has to replace it."
}

// adviseRefusal says what to do about an answer that refuses a request.
func adviseRefusal(e *refusedError) string {
	switch status := e.status.StatusCode; {
	case e.redirectedTo != "":
		return fmt.Sprintf("The registry redirects to %s: check its permissions, its clock, and the way there.", e.redirectedTo)
	case e.Reason() == validate.Unauthorized:
		return e.login.advice()
	case e.Reason() == validate.RateLimited:
		return "Wait, log in if you did not, or ask a cache instead."
	case e.atPing && status == http.StatusNotFound:
		return "Check the name and the port: what answers there may be no registry."
	case status >= http.StatusInternalServerError:
		return "Look into the log of the registry, or of what stands before it."
	}
	return "Check the name of the registry and of the repository."
}

// proxyHint names the proxy through which requests go, since that may be wrong.
func (h *host) proxyHint() string {
	if h.client.options.Dial != nil || h.client.options.Transport != nil {
		return ""
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: access.Host(h.registry.address)}})
	if err != nil || proxy == nil {
		return ""
	}
	return fmt.Sprintf(" Requests go through the proxy %s.", wire.HostName(proxy.Host))
}
