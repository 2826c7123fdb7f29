package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/engine/registry"
	"mvrun/validate"
)

// mutual starts a TLS server that asks each client for a certificate, and accepts
// any. It returns the server's HOST:PORT, and its certificate and key in PEM format.
func mutual(t *testing.T, handler http.Handler) (host, certificate, key string) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return s.Listener.Addr().String(),
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func TestCertificateFolders(t *testing.T) {
	r, _, _ := filled()
	host, certificate, key := mutual(t, r)
	const podman, docker = "home/.config/containers/certs.d", "xdg/docker/certs.d"
	for _, test := range []struct {
		name     string
		files    map[string]string // from path to content; HOST in a path stands for the server's HOST:PORT
		settings registry.Settings
		want     []string // parts of the error; nil if there is no error
	}{
		{"Podman's", map[string]string{podman + "/HOST/ca.crt": certificate, podman + "/HOST/client.cert": certificate, podman + "/HOST/client.key": key}, registry.Settings{}, nil},
		{"Docker's", map[string]string{docker + "/HOST/any.crt": certificate, docker + "/HOST/a.b.cert": certificate, docker + "/HOST/a.b.key": key}, registry.Settings{}, nil},
		{"beside the script's", map[string]string{docker + "/HOST/client.cert": certificate, docker + "/HOST/client.key": key}, registry.Settings{CA: "ca.pem"}, nil},
		{"the script's beside it", map[string]string{docker + "/HOST/ca.crt": certificate}, registry.Settings{Cert: "ca.pem", Key: "key.pem"}, nil},
		{"other files", map[string]string{podman + "/HOST/README": "?", podman + "/HOST/ca.crt": certificate, podman + "/HOST/client.cert": certificate, podman + "/HOST/client.key": key}, registry.Settings{}, nil},
		{"none", nil, registry.Settings{}, []string{"self-signed", "certs.d/" + host}},
		{"another host's", map[string]string{podman + "/127.0.0.1/ca.crt": certificate}, registry.Settings{}, []string{"self-signed"}},
		{"the first folder counts", map[string]string{podman + "/HOST/README": "", docker + "/HOST/ca.crt": certificate}, registry.Settings{}, []string{"self-signed"}},
		{"no client certificate", map[string]string{podman + "/HOST/ca.crt": certificate}, registry.Settings{}, []string{"certificate required", "client.cert", "certs.d/" + host}},
		{"no PEM", map[string]string{podman + "/HOST/ca.crt": "ca"}, registry.Settings{}, []string{"the certificates for " + host, podman + "/" + host + "/ca.crt holds no certificate in PEM format"}},
		{"no key", map[string]string{podman + "/HOST/client.cert": certificate}, registry.Settings{}, []string{"client.cert: its key client.key is missing (an authority's certificate ends in .crt)"}},
		{"no certificate", map[string]string{podman + "/HOST/client.key": key}, registry.Settings{}, []string{"client.key: its certificate client.cert is missing"}},
		{"a wrong key", map[string]string{podman + "/HOST/client.cert": certificate, podman + "/HOST/client.key": "key"}, registry.Settings{}, []string{"client.cert: tls: "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			t.Setenv("HOME", filepath.Join(dir, "home"))
			t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "xdg"))
			put(t, "ca.pem", certificate)
			put(t, "key.pem", key)
			for name, content := range test.files {
				put(t, strings.ReplaceAll(name, "HOST", host), content)
			}
			c := newClient(t, registry.Options{})
			if test.settings != (registry.Settings{}) {
				if err := c.Configure(host, test.settings); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err := c.Read(t.Context(), app(host), manifest)
			if test.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, validate.Unreachable, test.want...)
		})
	}
}

// If a registry's folder holds wrong certificates, the script gets the error where
// it sets up the registry.
func TestCertificateFolderOfSettings(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	put(t, filepath.Join(dir, ".config/containers/certs.d/cache.example.com/ca.crt"), "ca")
	c := newClient(t, registry.Options{})
	for _, settings := range []registry.Settings{{Endpoint: "cache.example.com"}, {Endpoint: "cache.example.com", PlainHTTP: true}} {
		err := c.Configure("docker.io", settings)
		if wrong := err != nil; wrong == settings.PlainHTTP {
			t.Errorf("%+v: %v", settings, err)
		}
	}
	// The folder's name may have the host in capitals.
	put(t, filepath.Join(dir, ".config/containers/certs.d/Capitals.Example.com:5000/ca.crt"), "ca")
	if err := c.Configure("Capitals.example.COM:5000", registry.Settings{}); err == nil || !strings.Contains(err.Error(), "certs.d/Capitals.Example.com:5000/ca.crt holds no certificate") {
		t.Errorf("got %v", err)
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
