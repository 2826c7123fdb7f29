package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"mvrun/engine/registry/wire"
)

// describeTLS describes the connection to the registry, and its certificate.
func (h *host) describeTLS(state *tls.ConnectionState) *Certificate {
	if len(state.PeerCertificates) == 0 {
		return nil
	}
	c := describeCertificate(state.PeerCertificates[0])
	c.Version = tls.VersionName(state.Version)
	if len(state.VerifiedChains) > 0 {
		c.Trusted = true
		return c
	}
	// The user accepts any certificate. Others, such as nodes, may not.
	err := h.verify(state)
	c.Trusted = err == nil
	if err != nil {
		c.Why = wire.OneLine(err.Error())
	}
	return c
}

// verify checks a certificate as crypto/tls does unless any certificate is accepted.
func (h *host) verify(state *tls.ConnectionState) error {
	options := x509.VerifyOptions{DNSName: state.ServerName, Intermediates: x509.NewCertPool()}
	if config := h.registry.wire.TLS; config != nil {
		options.Roots = config.RootCAs
	}
	for _, certificate := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	return err
}

// describeUntrusted describes the certificate that was refused. It returns nil if an
// error does not tell of one.
func (h *host) describeUntrusted(err error) *Certificate {
	refused, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(refused.UnverifiedCertificates) == 0 || h.failedHost(err) != h.registry.address {
		return nil
	}
	c := describeCertificate(refused.UnverifiedCertificates[0])
	c.Why = wire.OneLine(refused.Err.Error())
	return c
}

func describeCertificate(certificate *x509.Certificate) *Certificate {
	names := []string{}
	for _, name := range certificate.DNSNames {
		names = append(names, wire.HostName(name))
	}
	for _, address := range certificate.IPAddresses {
		names = append(names, address.String())
	}
	return &Certificate{
		Subject: wire.OneLine(certificate.Subject.String()), Issuer: wire.OneLine(certificate.Issuer.String()),
		Names: names[:min(len(names), maxNames)], NotAfter: certificate.NotAfter.UTC(),
	}
}

// maxNames is how many names of a certificate are shown.
const maxNames = 20
