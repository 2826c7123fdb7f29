package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// This file gives the tests registries with any name, and with TLS. So a test can
// run a script that names real registries. mvrun reaches them through a proxy.

// network is a proxy that knows the addresses of a test's registries.
type network struct {
	mu        sync.Mutex
	addresses map[string]string // from HOST:PORT to the address of the server
	conns     sync.WaitGroup
}

type networkKey struct{}

// ServeHTTP connects a client to the registry that it asks for.
func (n *network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	address, ok := n.addresses[r.Host]
	n.mu.Unlock()
	if r.Method != http.MethodConnect || !ok {
		http.Error(w, "no such host", http.StatusBadGateway)
		return
	}
	theirs, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	ours, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		theirs.Close()
		return
	}
	io.WriteString(ours, "HTTP/1.1 200 OK\r\n\r\n") // not earlier: the server might read what the client then sends
	for _, pair := range [][2]net.Conn{{ours, theirs}, {theirs, ours}} {
		n.conns.Go(func() {
			io.Copy(pair[0], pair[1])
			pair[0].Close()
		})
	}
}

// serveHost is the command "host NAME HOST CA [USER:PASSWORD]". From then on the
// registry NAME also answers as HOST, with TLS. The command writes the certificate
// of the authority to the file CA. With USER:PASSWORD, the registry wants this
// login.
func serveHost(ts *testscript.TestScript, _ bool, args []string) {
	handler := http.Handler(registryOf(ts, args[0]))
	if len(args) > 3 {
		handler = withPassword(handler, args[3])
	}
	certificate, ca, err := certify(args[1], time.Now().Add(time.Hour))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), ca, 0o666))
	serveTLS(ts, args[1], handler, certificate)
}

// serveTLS starts a server that the proxy of the test knows as host.
func serveTLS(ts *testscript.TestScript, host string, handler http.Handler, certificate tls.Certificate) {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	ts.Defer(server.Close)

	known := ts.Value(networkKey{}).(**network)
	if *known == nil {
		n := &network{addresses: map[string]string{}}
		proxy := httptest.NewServer(n)
		ts.Defer(func() {
			proxy.Close()
			n.conns.Wait()
		})
		ts.Setenv("HTTPS_PROXY", proxy.URL)
		*known = n
	}
	(*known).mu.Lock()
	defer (*known).mu.Unlock()
	(*known).addresses[host+":443"] = server.Listener.Addr().String()
}

// withPassword returns a handler that wants the login USER:PASSWORD.
func withPassword(next http.Handler, login string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user+":"+password != login {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// certify makes a certificate for a host, which is also the certificate's own
// authority. It is valid for a month, until end. certify returns the certificate a second
// time in PEM format.
func certify(host string, end time.Time) (tls.Certificate, []byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: end.Add(-30 * 24 * time.Hour), NotAfter: end,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}
