package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
)

// These are the names, short forms and defaults of flags that users can rely on.
var promised = []struct{ name, short, value string }{
	{"file", "f", ""},
	{"arch", "a", "amd64,arm64"},
	{"os", "", "linux,windows"},
	{"source", "s", ""},
	{"list-format", "", "auto"},
	{"shard", "", ""},
	{"destination", "d", ""},
	{"default-project", "", "library"},
	{"failed", "o", "mirror-validate-failed.txt"},
	{"jobs", "j", "1"},
	{"tls-verify", "", "true"},
	{"debug", "", "false"},
	{"rules", "", "hangar"},
	{"depth", "", "manifests"},
	{"sample", "", "100%"},
	{"shared-blobs", "", "false"},
	{"provenance", "", "false"},
	{"referrers", "", "false"},
	{"timeout", "", "10m"},
	{"deadline", "", "0"},
	{"results", "", ""},
	{"resume", "", "false"},
	{"report", "", ""},
	{"github", "", "false"},
	{"gitlab", "", ""},
	{"max-steps", "", "0"},
	{"allow-path", "", ""},
	{"allow-env", "", ""},
	{"registries", "", ""},
	{"log-format", "", "text"},
	{"quiet", "q", "false"},
	{"progress", "", "auto"},
}

// noEnvironment is a console whose environment is empty.
var noEnvironment = job.Console{LookupEnv: func(string) (string, bool) { return "", false }}

func TestFlags(t *testing.T) {
	parsed, err := newParser(noEnvironment, "").Parse([]string{"validate.star"})
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
		if flag.Help == "" || flag.Group == nil || !strings.HasSuffix(flag.Group.Title, ":") {
			t.Errorf("--%s has no help, or stands in no group of it", want.name)
		}
	}
	for name := range flags {
		t.Errorf("--%s was not promised", name)
	}
}

// TestEnvironment sets every flag of a run by its variable.
func TestEnvironment(t *testing.T) {
	values := map[string]string{"jobs": "7", "timeout": "5s", "deadline": "5s", "max-steps": "7", "log-format": "json", "progress": "never"}
	for _, flag := range newParser(noEnvironment, "").runFlags {
		value := cmp.Or(values[flag.Name], "some,thing")
		want := value
		switch {
		case flag.IsBool():
			value = map[string]string{"true": "false"}[flag.Default] // the other one
			value = cmp.Or(value, "true")
			want = value
		case flag.IsSlice():
			want = "[some thing]"
		}
		for _, name := range variableNames(flag) {
			parser := newParser(job.Console{LookupEnv: func(asked string) (string, bool) {
				if asked == name {
					return value, true
				}
				return "", false
			}}, "")
			parsed, err := parser.Parse([]string{"validate.star"})
			if err != nil {
				t.Fatalf("%s=%s: %v", name, value, err)
			}
			for _, set := range parsed.Flags() {
				if got := fmt.Sprint(set.Target); set.Name == flag.Name && got != want {
					t.Errorf("--%s is %s with %s=%s", flag.Name, got, name, value)
				}
			}
			if got := parser.variables.used(parsed).texts(); !slices.Equal(got, []string{name + "=" + value}) {
				t.Errorf("%s=%s: used are %q", name, value, got)
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
