package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

// These are the names, short forms and defaults of flags that users can rely on.
var promised = []struct{ name, short, value string }{
	{"file", "f", ""},
	{"arch", "a", "amd64,arm64"},
	{"os", "", "linux,windows"},
	{"source", "s", ""},
	{"list-format", "", "auto"},
	{"destination", "d", ""},
	{"default-project", "", "library"},
	{"failed", "o", "mirror-validate-failed.txt"},
	{"jobs", "j", "1"},
	{"tls-verify", "", "true"},
	{"debug", "", "false"},
	{"rules", "", "hangar"},
	{"depth", "", "manifests"},
	{"sample", "", "100%"},
	{"provenance", "", "false"},
	{"referrers", "", "false"},
	{"timeout", "", "10m"},
	{"deadline", "", "0"},
	{"results", "", ""},
	{"resume", "", "false"},
	{"max-steps", "", "0"},
	{"allow-path", "", ""},
	{"log-format", "", "text"},
	{"progress", "", "auto"},
}

func TestFlags(t *testing.T) {
	parser, err := kong.New(&commands{}, helpVars)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse([]string{"validate.star"})
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]*kong.Flag{}
	for _, flag := range parsed.Flags() {
		flags[flag.Name] = flag
	}
	delete(flags, "help")
	for _, want := range promised {
		flag, ok := flags[want.name]
		if !ok {
			t.Errorf("there is no --%s", want.name)
			continue
		}
		delete(flags, want.name)
		short := ""
		if flag.Short != 0 {
			short = string(flag.Short)
		}
		if short != want.short || flag.Default != want.value {
			t.Errorf("--%s is -%s with default %q, want -%s with %q", want.name, short, flag.Default, want.short, want.value)
		}
		if flag.Help == "" {
			t.Errorf("--%s has no help", want.name)
		}
	}
	for name := range flags {
		t.Errorf("--%s was not promised", name)
	}
}

func TestEnvironment(t *testing.T) {
	for name, want := range map[string]string{"source": "SOURCE_REGISTRY", "destination": "DEST_REGISTRY"} {
		parser, err := kong.New(&commands{}, helpVars)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(want, "registry.example")
		parsed, err := parser.Parse([]string{"validate.star"})
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range parsed.Flags() {
			if flag.Name == name && flag.Target.String() != "registry.example" {
				t.Errorf("--%s is %q with %s set", name, flag.Target, want)
			}
		}
	}
}

// TestLogins shows for which registries the names and passwords of the environment
// are.
func TestLogins(t *testing.T) {
	environment := map[string]string{"SOURCE_USERNAME": "reader", "SOURCE_PASSWORD": "s", "DEST_USERNAME": "robot", "DEST_PASSWORD": "d"}
	for _, test := range []struct{ flag, want string }{
		{"", "docker.io"},
		{"r.example", "r.example"},
		{"r.example:5000/team/mirror", "r.example:5000"},
		{"R.Example/team", "r.example"},
		{"index.docker.io", "docker.io"},
	} {
		f := &flags{Source: test.flag, Destination: test.flag}
		logins, err := f.logins(func(name string) string { return environment[name] })
		if err != nil || len(logins) != 2 || logins[0].Registry != test.want || logins[1].Registry != test.want || logins[1].Username != "robot" {
			t.Errorf("-s and -d %s: got %+v, %v, want %s", test.flag, logins, err, test.want)
		}
	}
}
