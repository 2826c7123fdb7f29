package access

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// open opens a session with a registry that asks for a password.
func open(t *testing.T, address string) (*Account, *Session) {
	t.Helper()
	a := NewAccount(AccountOptions{Address: address}, NewFlights(t.Context(), true))
	s, err := a.Open(t.Context(), &server{challenge: `Basic realm="r"`})
	if err != nil {
		t.Fatal(err)
	}
	return a, s
}

// TestGitHubToken shows which registry gets GITHUB_TOKEN.
func TestGitHubToken(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "s3cret-github")
	t.Setenv("GITHUB_ACTOR", "")
	a, s := open(t, "ghcr.io")
	if got := s.Login(); got != (Found{From: "GITHUB_TOKEN", Username: "unset", Kind: "password"}) {
		t.Errorf("got %+v", got)
	}
	if got := a.Redact("you sent s3cret-github"); strings.Contains(got, "s3cret") {
		t.Errorf("Redact shows the token: %s", got)
	}
	for _, address := range []string{"ghcr.io.example", "r.example", "docker.io"} {
		if _, s := open(t, address); s.Login() != (Found{}) || s.authorization != "" {
			t.Errorf("%s gets %+v", address, s.Login())
		}
	}
	// A login of the user comes first.
	t.Setenv("DOCKER_AUTH_CONFIG", `{"auths":{"ghcr.io":{"auth":"cm9ib3Q6czNjcmV0"}}}`)
	if _, s := open(t, "ghcr.io"); s.Login() != (Found{"the Docker configuration", "DOCKER_AUTH_CONFIG", "robot", "password"}) {
		t.Errorf("got %+v", s.Login())
	}
}

// TestGoogleLogin shows which registries get a token of Google, and for how long.
func TestGoogleLogin(t *testing.T) {
	tokens := 0
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"s3cret-google-%d","token_type":"Bearer","expires_in":1200}`, tokens)
	}))
	defer google.Close()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	content, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "robot@project.example", "token_uri": google.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	for _, address := range []string{"gcr.io", "eu.gcr.io", "europe-docker.pkg.dev"} {
		a, s := open(t, address)
		if got := s.Login(); got != (Found{"the login of Google Cloud", file, "_token", "password"}) {
			t.Errorf("%s: got %+v", address, got)
		}
		if life := s.lasts(); life > 19*time.Minute || life < 15*time.Minute {
			t.Errorf("%s: the session lasts for %v", address, life)
		}
		if got := a.Redact("you sent " + s.config.Password); strings.Contains(got, "s3cret") {
			t.Errorf("Redact shows the token: %s", got)
		}
	}
	for _, address := range []string{"gcr.io.example", "notgcr.io", "pkg.dev.example", "ghcr.io", "10.0.0.1"} {
		if _, s := open(t, address); s.Login() != (Found{}) {
			t.Errorf("%s gets %+v", address, s.Login())
		}
	}
	if tokens != 3 {
		t.Errorf("Google was asked %d times", tokens)
	}
	// A file that the user names must be right.
	os.WriteFile(file, []byte(`{"type":"service_account","private_key":"s3cret"}`), 0o600)
	a := NewAccount(AccountOptions{Address: "gcr.io"}, NewFlights(t.Context(), true))
	_, err = a.Open(t.Context(), &server{})
	if err == nil || !strings.Contains(err.Error(), "GOOGLE_APPLICATION_CREDENTIALS="+file) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

// TestGcloud shows that gcloud is asked, and that its output is bounded.
func TestGcloud(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	for script, want := range map[string]string{
		`echo '{"credential":{"access_token":"s3cret-gcloud","token_expiry":"2099-01-01T00:00:00Z"}}'`: "s3cret-gcloud",
		`echo "you are not logged in" >&2; exit 1`:                                                     "",
		`echo '{}'`: "",
		`yes`:       "",
	} {
		if err := os.WriteFile(filepath.Join(folder, "gcloud"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		config, err := gcloudLogin(t.Context()).Authorization()
		if err != nil || config.Password != want {
			t.Errorf("%s: got %+v, %v", script, config, err)
		}
	}
}

// TestCloudHelper shows which helper belongs to a registry.
func TestCloudHelper(t *testing.T) {
	for host, want := range map[string]string{
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com":   "ecr-login",
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com": "ecr-login",
		"123456789012.DKR.ECR.cn-north-1.amazonaws.com.cn":  "ecr-login",
		"public.ecr.aws":                "ecr-login",
		"corp.azurecr.io":               "acr-env",
		"gcr.io":                        "gcr",
		"us-docker.pkg.dev":             "gcr",
		"docker.io":                     "",
		"dkr.ecr.example.com":           "",
		"s3.eu-central-1.amazonaws.com": "",
		"azurecr.io.example":            "",
	} {
		if got, _ := CloudHelper(host); got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
}

// TestPullSecret shows that DOCKER_CONFIG may be the folder of a pull secret that
// Kubernetes mounts, with or without a name of its own for the file.
func TestPullSecret(t *testing.T) {
	for _, name := range []string{".dockerconfigjson", "config.json"} {
		folder := t.TempDir()
		t.Setenv("DOCKER_CONFIG", folder)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(`{"auths":{"r.example":{"auth":"cm9ib3Q6czNjcmV0"}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, s := open(t, "r.example"); s.Login() != (Found{"the Docker configuration", filepath.Join(folder, name), "robot", "password"}) {
			t.Errorf("%s: got %+v", name, s.Login())
		}
	}
	folder := t.TempDir()
	t.Setenv("DOCKER_CONFIG", folder)
	if err := os.WriteFile(filepath.Join(folder, ".dockerconfigjson"), []byte(`{"auths":`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := NewAccount(AccountOptions{Address: "r.example"}, NewFlights(t.Context(), true)).Open(t.Context(), &server{})
	if err == nil || !strings.Contains(err.Error(), ".dockerconfigjson") {
		t.Errorf("a broken pull secret: got %v", err)
	}
}

// TestNextSession shows that a session ends before the login of a program does, and that
// a login which was refused in one session is not tried again in the next one.
func TestNextSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
		t.Setenv("DOCKER_CONFIG", folder)
		write := func(name, content string) {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		write("config.json", `{"credHelpers":{"r.example":"test"}}`)
		write("docker-credential-test", "#!/bin/sh\necho '{\"Username\":\"robot\",\"Secret\":\"s3cret\"}'\n")
		a, first := open(t, "r.example")
		if got := first.Login(); got.Where != "docker-credential-test" {
			t.Errorf("got %+v", got)
		}
		next := func() *Session {
			time.Sleep(programLife)
			s, err := a.Open(t.Context(), &server{challenge: `Basic realm="r"`})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		same := next()
		if same == first || same.login != first.login {
			t.Error("the same login is not known again")
		}
		write("docker-credential-test", "#!/bin/sh\necho '{\"Username\":\"robot\",\"Secret\":\"s3cret2\"}'\n")
		if other := next(); other.config.Password != "s3cret2" || other.login == same.login {
			t.Errorf("another login: got %+v", other.Login())
		}
	})
}
