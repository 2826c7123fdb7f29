package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"mvrun/engine/registry/access"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// unreachableError says that a registry gave no useful answer.
type unreachableError struct{ words string }

func (e *unreachableError) Error() string           { return e.words }
func (e *unreachableError) Reason() validate.Reason { return validate.Unreachable }

// timeoutError says that an answer did not come in time.
type timeoutError struct{ words string }

func (e *timeoutError) Error() string           { return e.words }
func (e *timeoutError) Reason() validate.Reason { return validate.Timeout }

// cutShort returns the message for an answer that was cut short in every attempt.
func cutShort(err error, tries int) string {
	times := ""
	if tries > 1 {
		times = fmt.Sprintf(" %d times", tries)
	}
	return fmt.Sprintf("the answer was cut short%s: %s", times, wire.Plain(err))
}

// certificateError says that this machine does not trust a host's certificate.
type certificateError struct {
	verify *tls.CertificateVerificationError
	words  string
	host   string
	hint   string // how a user accepts any certificate; "" means no hint
}

func (e *certificateError) Reason() validate.Reason { return validate.Unreachable }

func (e *certificateError) Error() string {
	if errors.As(e.verify, new(x509.UnknownAuthorityError)) {
		or := ""
		if e.hint != "" {
			or = ", or give " + e.hint
		}
		return fmt.Sprintf("%s (is the certificate of %s self-signed? save its authority's as %s/ca.crt%s)",
			e.words, e.host, access.CertificateFolder(e.host), or)
	}
	if e.hint == "" {
		return e.words
	}
	return fmt.Sprintf("%s (%s accepts any certificate)", e.words, e.hint)
}

// clientCertificateError says that a host asks for a client certificate.
type clientCertificateError struct {
	op   *net.OpError
	host string
}

// isClientCertificate reports whether a host ended the connection because the
// client certificate is missing or not accepted.
func isClientCertificate(op *net.OpError) bool {
	return op.Op == "remote error" && strings.Contains(op.Error(), "certificate")
}

func (e *clientCertificateError) Reason() validate.Reason { return validate.Unreachable }

func (e *clientCertificateError) Error() string {
	return fmt.Sprintf("%s (%s wants a client certificate that it trusts: save it as client.cert and client.key in %s)",
		e.op, e.host, access.CertificateFolder(e.host))
}

// plainHTTPError says that a registry speaks plain HTTP, and that the user has not
// allowed it.
type plainHTTPError struct {
	address string
	hint    string // how the user allows it; "" means no hint
}

func (e *plainHTTPError) Reason() validate.Reason { return validate.Unreachable }

func (e *plainHTTPError) Error() string {
	words := e.address + " speaks plain HTTP"
	if e.hint != "" {
		words += fmt.Sprintf(": give %s if that is right", e.hint)
	}
	return words
}
