package registry_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/registry"
	"mvrun/validate"
)

// readWith reads app's manifest at a registry with settings.
func readWith(t *testing.T, o registry.Options, host string, s registry.Settings) (validate.Fact, error) {
	t.Helper()
	c := newClient(t, o)
	if err := c.Configure(host, s); err != nil {
		t.Fatal(err)
	}
	fact, _, err := c.Read(t.Context(), app(host), manifest)
	return fact, err
}

// secured starts a TLS server. It returns the server's HOST:PORT, and the path of a
// PEM file with the server's certificate.
func secured(t *testing.T, handler http.Handler) (host, certificate string, server *httptest.Server) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	folder := write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})), 0o600)
	return s.Listener.Addr().String(), folder + "/ca.pem", s
}

func TestSettingsEndpoint(t *testing.T) {
	r, pushed, _ := filled()
	var authorization atomic.Value
	cache := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		authorization.Store(request.Header.Get("Authorization"))
		r.ServeHTTP(w, request)
	}))
	// The user's login is for the registry of the list, and not for another host.
	login := registry.Options{Logins: []registry.Login{{Side: validate.Source, Registry: "docker.io", Username: user, Password: password}}}
	fact, err := readWith(t, login, "docker.io", registry.Settings{Endpoint: cache})
	if err != nil || fact.Digest != pushed.Digest {
		t.Errorf("got %+v, %v", fact, err)
	}
	if got := authorization.Load(); got != "" {
		t.Errorf("the endpoint got the registry's credentials")
	}
	_, err = readWith(t, registry.Options{}, "docker.io", registry.Settings{Endpoint: "127.0.0.1:1"})
	wantError(t, err, validate.Unreachable, "docker.io/library/app:1", "127.0.0.1:1")
}

// TestSettingsSpelling shows that settings count for a registry under any spelling of
// its name.
func TestSettingsSpelling(t *testing.T) {
	r, pushed, _ := filled()
	cache := serve(t, r)
	for given, asked := range map[string]string{"R.Example:5000": "r.example:5000", "Index.docker.io": "docker.io", "registry-1.docker.io": "docker.io"} {
		c := newClient(t, registry.Options{})
		if err := c.Configure(given, registry.Settings{Endpoint: cache}); err != nil {
			t.Fatal(err)
		}
		if fact := read(t, c, app(asked), head); fact.Digest != pushed.Digest {
			t.Errorf("settings of %s: %s has %+v", given, asked, fact)
		}
		if err := c.Configure(asked, registry.Settings{}); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("%s got settings twice: %v", asked, err)
		}
	}
}

func TestSettingsCredentials(t *testing.T) {
	r, _, _ := filled()
	for _, test := range []struct {
		name     string
		settings registry.Settings
		want     string
	}{
		{"username", registry.Settings{Username: user, Password: password}, "Basic " + encoded(user, password)},
		{"none", registry.Settings{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got atomic.Value
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				got.Store(request.Header.Get("Authorization"))
				r.ServeHTTP(w, request)
			}))
			if _, err := readWith(t, registry.Options{}, host, test.settings); err != nil {
				t.Fatal(err)
			}
			if got.Load() != test.want {
				t.Errorf("Authorization is not what was set")
			}
		})
	}

	// A token is sent as it is to a registry that wants one.
	var got atomic.Value
	var host string
	host = serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+host+`/token"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		got.Store(request.Header.Get("Authorization"))
		r.ServeHTTP(w, request)
	}))
	if _, err := readWith(t, registry.Options{}, host, registry.Settings{Token: secret}); err != nil || got.Load() != "Bearer "+secret {
		t.Errorf("the token was not sent as it is: %v", err)
	}
}

func TestSettingsTLS(t *testing.T) {
	r, _, _ := filled()
	host, ca, server := secured(t, r)
	yes, no := true, false

	_, err := readWith(t, registry.Options{}, host, registry.Settings{})
	wantError(t, err, validate.Unreachable, insecureHint)
	if _, err := readWith(t, registry.Options{}, host, registry.Settings{CA: ca}); err != nil {
		t.Errorf("with ca: %v", err)
	}
	if _, err := readWith(t, registry.Options{}, host, registry.Settings{TLSVerify: &no}); err != nil {
		t.Errorf("with tls_verify = False: %v", err)
	}
	_, err = readWith(t, registry.Options{Insecure: true}, host, registry.Settings{TLSVerify: &yes})
	wantError(t, err, validate.Unreachable, "certificate")

	// The client shows the server's own certificate.
	pkcs8, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	key := write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), 0o600) + "/key.pem"
	var presented atomic.Bool
	mutual, mutualCA, _ := secured(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		presented.Store(len(request.TLS.PeerCertificates) > 0)
		r.ServeHTTP(w, request)
	}))
	if _, err := readWith(t, registry.Options{}, mutual, registry.Settings{CA: mutualCA, Cert: ca, Key: key}); err != nil || !presented.Load() {
		t.Errorf("with cert and key: %v, presented: %v", err, presented.Load())
	}
}

// With plain HTTP in the settings, TLS is not even tried.
func TestSettingsPlainHTTP(t *testing.T) {
	r, _, _ := filled()
	var schemes sync.Map
	o := registry.Options{Log: func(e registry.Exchange) { schemes.Store(strings.Split(e.URL, ":")[0], true) }}
	if _, err := readWith(t, o, serve(t, r), registry.Settings{PlainHTTP: true}); err != nil {
		t.Error(err)
	}
	// The same holds with limits.
	if _, err := readWith(t, registry.Options{}, serve(t, r), registry.Settings{PlainHTTP: true, RequestsPerSecond: 1000, MaxRequests: 1}); err != nil {
		t.Error(err)
	}
	if _, tried := schemes.Load("https"); tried {
		t.Error("HTTPS was tried")
	}
}

// mostAtOnce reads app from many goroutines, and returns how many requests the
// registry saw at once.
func mostAtOnce(t *testing.T, r http.Handler, o registry.Options, s registry.Settings) int64 {
	t.Helper()
	var running, most atomic.Int64
	counted := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		n := running.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Second) // by synctest's clock, so that all requests that may run at once do
		running.Add(-1)         // before the client can have an answer
		r.ServeHTTP(w, request)
	})
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":80", counted)
		o.Dial = network.dial
		c := newClient(t, o)
		if err := c.Configure(hub, s); err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() { read(t, c, app(hub), manifest) })
		}
		readers.Wait()
	})
	return most.Load()
}

func TestSettingsLimits(t *testing.T) {
	r, _, _ := filled()
	if most := mostAtOnce(t, r, registry.Options{Conns: 10}, registry.Settings{PlainHTTP: true, MaxRequests: 2}); most != 2 {
		t.Errorf("%d requests at once, want 2", most)
	}

	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":80", r)
		c := newClient(t, registry.Options{Dial: network.dial})
		if err := c.Configure(hub, registry.Settings{PlainHTTP: true, RequestsPerSecond: 0.5}); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		for range 5 { // with the ping these are six requests, and five pauses
			if _, _, err := c.Read(t.Context(), app(hub), manifest); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(started); took != 10*time.Second {
			t.Errorf("6 requests at one in 2 s took %v, want 10s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := c.Read(ctx, app(hub), manifest)
		wantError(t, err, validate.Timeout, "requests_per_second")
	})
}

func TestSettingsWrong(t *testing.T) {
	c := newClient(t, registry.Options{})
	for _, test := range []struct {
		name     string
		host     string
		settings registry.Settings
		want     string
	}{
		{"host", "https://r.io", registry.Settings{}, "is no registry"},
		{"endpoint", "r.io", registry.Settings{Endpoint: "r.io/path"}, "endpoint: "},
		{"password", "r.io", registry.Settings{Username: user}, "username and password go together"},
		{"token", "r.io", registry.Settings{Username: user, Password: password, Token: secret}, "exclude each other"},
		{"key", "r.io", registry.Settings{Cert: "c.pem"}, "cert and key go together"},
		{"plain", "r.io", registry.Settings{PlainHTTP: true, CA: "ca.pem"}, "exclude each other"},
		{"pace", "r.io", registry.Settings{RequestsPerSecond: -1}, "want more than 0"},
		{"no file", "r.io", registry.Settings{CA: "nowhere.pem"}, "ca: open nowhere.pem"},
		{"no PEM", "r.io", registry.Settings{CA: "settings_test.go"}, "holds no certificate"},
	} {
		if err := c.Configure(test.host, test.settings); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want …%s…", test.name, err, test.want)
		}
	}
	if err := c.Configure("r.io", registry.Settings{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Configure("r.io", registry.Settings{}); err == nil {
		t.Error("settings given twice: no error")
	}
}

// Without the user's consent no password is sent over plain HTTP, where others can
// read it. go-containerregistry by itself tries plain HTTP at private addresses.
func TestPlainHTTPNeedsConsent(t *testing.T) {
	const private = "10.1.2.3:5000"
	r, _, _ := filled()
	seen := record(r)
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, private, seen)
		login := []registry.Login{{Side: validate.Source, Registry: private, Username: user, Password: password}}
		_, _, err := newClient(t, registry.Options{Dial: network.dial, Logins: login}).Read(t.Context(), app(private), manifest)
		wantError(t, err, validate.Unreachable, "speaks plain HTTP", insecureHint)
		if got := seen.authorizations(); len(got) != 0 {
			t.Error("the password was sent over plain HTTP")
		}
		_, _, err = newClient(t, registry.Options{Dial: network.dial, Logins: login, Insecure: true}).Read(t.Context(), app(private), manifest)
		if err != nil {
			t.Error(err)
		}
	})
}

// A registry may repeat the credential that it was sent. The error hides it.
func TestEchoedSecret(t *testing.T) {
	host := serve(t, ping(func(w http.ResponseWriter, request *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"errors":[{"code":"DENIED","message":"you sent `+request.Header.Get("Authorization")+` with `+password+`"}]}`)
	}))
	_, err := readWith(t, registry.Options{}, host, registry.Settings{Username: user, Password: password})
	wantError(t, err, validate.Unauthorized, "you sent Basic REDACTED with REDACTED")
	wantNoSecret(t, "error", err.Error())
}

// A registry without settings gets no more requests at once than the client may
// send.
func TestConns(t *testing.T) {
	r, _, _ := filled()
	if most := mostAtOnce(t, r, registry.Options{Conns: 3}, registry.Settings{PlainHTTP: true}); most != 3 {
		t.Errorf("%d requests at once, want 3", most)
	}
}

func TestAnonymous(t *testing.T) {
	r, _, _ := filled()
	seen := record(r)
	host := serve(t, seen)
	dockerConfig(t, auths(host))
	read(t, newClient(t, registry.Options{Anonymous: true}), app(host), manifest)
	if got := seen.authorizations(); len(got) != 0 {
		t.Error("the user's credentials were used")
	}
}

// A HEAD that is answered with 404 frees its slot for the GET that confirms it, even
// if there is only one slot.
func TestRoomForConfirmation(t *testing.T) {
	r, pushed, _ := filled()
	r.Delete("library/app", "1")
	r.Delete("library/app", pushed.Digest)
	synctest.Test(t, func(t *testing.T) { // synctest ends a test in which all goroutines wait for each other
		network := newPipes()
		network.serve(t, hub+":80", r)
		c := newClient(t, registry.Options{Dial: network.dial})
		if err := c.Configure(hub, registry.Settings{PlainHTTP: true, MaxRequests: 1}); err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				for _, need := range []validate.Need{head, manifest, {Action: validate.HeadManifest, Digest: pushed.Digest}, {Action: validate.HeadBlob, Digest: pushed.Digest}} {
					if fact, _, err := c.Read(ctx, app(hub), need); err != nil || !fact.Missing {
						t.Errorf("got %+v, %v, want it to be missing", fact, err)
					}
				}
			})
		}
		readers.Wait()
	})
}

// A registry that speaks plain HTTP by its settings may name a token server of plain HTTP,
// and redirect within itself. The log warns of a login that goes there, once, unless the
// registry is on this machine.
func TestSettingsPlainLogin(t *testing.T) {
	for _, login := range []bool{false, true} {
		r, pushed, _ := filled()
		inner := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if strings.HasSuffix(request.URL.Path, "/manifests/1") {
				http.Redirect(w, request, "http://"+hub+"/v2/library/app/manifests/"+pushed.Digest, http.StatusFound)
				return
			}
			r.ServeHTTP(w, request)
		})
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			network.serve(t, hub+":80", &tokenRegistry{registry: inner})
			var warnings []string
			c := newClient(t, registry.Options{Dial: network.dial, Warn: func(message string) { warnings = append(warnings, message) }})
			settings := registry.Settings{PlainHTTP: true}
			if login {
				settings.Username, settings.Password = user, password
			}
			if err := c.Configure(hub, settings); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if fact := read(t, c, app(hub), manifest); fact.Digest != pushed.Digest {
					t.Errorf("got %+v", fact)
				}
			}
			switch got := strings.Join(warnings, "\n"); {
			case !login && got != "":
				t.Errorf("without a login: %q", got)
			case login && (len(warnings) != 1 || !strings.Contains(got, "speaks plain HTTP with "+hub) || !strings.Contains(got, "(from the script)")):
				t.Errorf("with a login: %q", got)
			}
		})
	}
}

// The same holds for a token server of plain HTTP that a script names.
func TestSettingsPlainTokenServer(t *testing.T) {
	r, _, _ := filled()
	const auth = "auth.example.com"
	tokens := &tokenRegistry{registry: r}
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if request.Header.Get("Authorization") == "" {
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+auth+`/token"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			r.ServeHTTP(w, request)
		}))
		network.serve(t, auth+":80", tokens)
		var warnings []string
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: func(message string) { warnings = append(warnings, message) }})
		if err := c.Configure(hub, registry.Settings{Username: user, Password: password, TokenServer: "http://" + auth}); err != nil {
			t.Fatal(err)
		}
		read(t, c, app(hub), head)
		if len(warnings) != 1 || !strings.Contains(warnings[0], "speaks plain HTTP with "+auth+", the token server of "+hub) {
			t.Errorf("got %q", warnings)
		}
	})
}

// Settings come too late once a registry was asked, also as the endpoint of another one.
func TestSettingsLate(t *testing.T) {
	r, _, _ := filled()
	host := serve(t, r)
	c := newClient(t, registry.Options{})
	if err := c.Configure("docker.io", registry.Settings{Endpoint: host}); err != nil {
		t.Fatal(err)
	}
	read(t, c, app("docker.io"), head)
	if err := c.Configure(strings.ToUpper(host), registry.Settings{}); err == nil || !strings.Contains(err.Error(), "as the endpoint of docker.io") {
		t.Errorf("got %v", err)
	}
	if err := c.Configure("quay.io", registry.Settings{Endpoint: host}); err != nil { // another name of the same host
		t.Error(err)
	}
}
