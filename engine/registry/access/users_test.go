package access

import (
	"os"
	"path/filepath"
	"testing"

	"mvrun/validate"
)

// TestUsers shows which credentials count for a path of a registry.
func TestUsers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth.json")
	if err := os.WriteFile(file, []byte(`{"auths":{"r.example/team":{"auth":"YTpi"},"r.example/team/sub":{"auth":"YTpi"},"r.example":{"auth":"YTpi"},"Capitals.Example/team":{"auth":"YTpi"},"index.docker.io/team":{"auth":"YTpi"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("REGISTRY_AUTH_FILE", file)
	logins := []Login{
		{Side: validate.Source, Registry: "both.example"},
		{Side: validate.Destination, Registry: "both.example"},
		{Side: validate.Destination, Registry: "r.example"},
		{Side: validate.Source, Registry: "Login.Example"},
	}
	users := &Users{Logins: logins}
	for _, test := range []struct {
		registry, path string
		side           validate.Side
		want           User
	}{
		{"both.example", "team/app", validate.Source, User{Login: &logins[0]}},
		{"both.example", "team/app", validate.Destination, User{Login: &logins[1]}},
		{"r.example", "team/app", validate.Destination, User{Login: &logins[2]}},
		{"r.example", "team/app", validate.Source, User{Namespace: "r.example/team"}},
		{"r.example", "team/sub/app", validate.Source, User{Namespace: "r.example/team/sub"}},
		{"r.example", "teams/app", validate.Source, User{}},
		{"other.example", "team/app", validate.Source, User{}},
		{"login.example", "team/app", validate.Source, User{Login: &logins[3]}},
		{"capitals.example", "team/app", validate.Source, User{Namespace: "capitals.example/team"}},
		{"capitals.example", "Team/app", validate.Source, User{}},
		{"docker.io", "team/app", validate.Source, User{Namespace: "docker.io/team"}},
	} {
		if got := users.Of(test.registry, test.registry, test.path, test.side); got != test.want {
			t.Errorf("%s/%s, %s: got %+v, want %+v", test.registry, test.path, test.side, got, test.want)
		}
	}
	if got := (&Users{Anonymous: true}).Of("r.example", "r.example", "team/app", validate.Source); got != (User{}) {
		t.Errorf("anonymous: got %+v", got)
	}
	for registry, want := range map[string]validate.Side{"both.example": validate.Source, "r.example": validate.Destination, "other.example": validate.Source} {
		if got := users.Side(registry); got != want {
			t.Errorf("a script that names %s is on side %s, want %s", registry, got, want)
		}
	}
}
