package access

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestRealm shows which token servers a registry may name.
func TestRealm(t *testing.T) {
	const public, private, loopback = "r.example", "10.0.0.1", "127.0.0.1"
	for _, test := range []struct {
		registry string
		plain    bool
		named    string
		realm    string
		refused  string // words of the error; "" if the server is asked
	}{
		{public, false, "", "https://auth.example/token", ""},
		{public, false, "", "https://8.8.8.8/token", ""},
		{public, false, "", "https://auth.corp/token", ""}, // the name may lead to a private address
		{public, false, "", "https://R.example:5001/auth", ""},
		{private, false, "", "https://10.0.0.1:5001/auth", ""},
		{private, false, "", "https://10.0.0.2/auth", ""},
		{private, false, "", "https://127.0.0.1/auth", ""},
		{loopback, false, "", "https://localhost:5001/auth", ""},
		{public, false, "", "https://10.0.0.2/auth", "its address is private"},
		{public, false, "", "https://localhost/auth", "its address is private"},
		{public, false, "", "https://[::ffff:10.0.0.2]/auth", "its address is private"},
		{"8.8.8.8", false, "", "https://127.0.0.1/auth", "its address is private"},
		{public, false, "", "https://169.254.169.254/auth", "link-local"},
		{private, false, "", "https://169.254.169.254/auth", "link-local"},
		{public, true, "", "http://169.254.169.254/auth", "link-local"},
		{public, false, "", "http://auth.example/token", "plain HTTP"},
		{public, true, "", "http://auth.example/token", ""},
		{public, true, "", "https://auth.example/token", ""},
		{public, false, "", "null://", "that is no URL"},
		{public, false, "", "file:///etc/passwd", "that is no URL"},
		{public, false, "", "ftp://auth.example/", "neither https nor http"},
		{public, false, "", "https://user:secret@auth.example/", "that is no URL"},
		{public, false, "", "", "does not say where"},
		{public, false, "10.0.0.2", "https://10.0.0.2:443/auth", ""},
		{public, false, "http://10.0.0.2:5001", "http://10.0.0.2:5001/auth", ""},
		{public, false, "10.0.0.2", "https://auth.example/token", "the script names https://10.0.0.2"},
		{public, false, "10.0.0.2", "http://10.0.0.2/token", "the script names https://10.0.0.2"},
	} {
		settings := Settings{TokenServer: test.named}
		if err := settings.Check(); err != nil {
			t.Errorf("token server %s: %v", test.named, err)
		}
		rules := realmRules{host: test.registry, plain: test.plain, named: settings.tokenServer(),
			isInternal: func() bool { return test.registry == private || test.registry == loopback }}
		_, err := rules.check(test.realm)
		refused := (*RealmError)(nil)
		switch {
		case test.refused == "" && err != nil, test.refused != "" && !errors.As(err, &refused):
			t.Errorf("%s names %s: got %v", test.registry, test.realm, err)
		case refused != nil && !strings.Contains(refused.Error(), test.refused):
			t.Errorf("%s names %s: %q does not have %q", test.registry, test.realm, refused, test.refused)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q shows a secret", err)
		}
	}
	for _, wrong := range []string{"https://a/b", "ftp://a", "a b", "https://u:p@a", "169.254.169.254", "https://"} {
		if err := (Settings{TokenServer: wrong}).Check(); err == nil {
			t.Errorf("token_server %q is no error", wrong)
		}
	}
	if err := (Settings{Endpoint: "169.254.169.254"}).Check(); err == nil {
		t.Error("a link-local endpoint is no error")
	}
}

// TestLife shows how long a token is used, whatever the server says.
func TestLife(t *testing.T) {
	for says, want := range map[string]time.Duration{
		``: defaultLife, `null`: defaultLife, `0`: defaultLife, `-5`: defaultLife, `"soon"`: defaultLife, `{}`: defaultLife, `0.5`: defaultLife,
		`300`: 5 * time.Minute, `"300"`: 5 * time.Minute, `300.5`: 300500 * time.Millisecond,
		`9999999999`: maxLife, `1e300`: maxLife, `9223372036854775807`: maxLife,
	} {
		if got := lifeOf(json.RawMessage(says)); got != want {
			t.Errorf("%s: got %v, want %v", says, got, want)
		}
	}
}

func FuzzToken(f *testing.F) {
	for _, seed := range []string{`{"token":"a","expires_in":60}`, `{"access_token":"b"}`, `{"token":1}`, `[]`, `{"token":"a\nb"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		token, life, err := readToken(body)
		if err == nil && (token == "" || strings.ContainsAny(token, "\r\n \x00") || life < time.Second || life > maxLife) {
			t.Errorf("%q gave the token %q for %v", body, token, life)
		}
	})
}
