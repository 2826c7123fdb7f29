package validate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Runtime is the configuration with which a container starts. Only Docker knows
// the last three fields, so a conversion to OCI may lose them.
type Runtime struct {
	User         string
	ExposedPorts map[string]any
	Env          []string
	Entrypoint   command
	Cmd          command
	Volumes      map[string]any
	WorkingDir   string
	Labels       map[string]string
	StopSignal   string
	ArgsEscaped  bool // Windows only: Cmd is a whole command line
	Healthcheck  healthcheck
	Shell        command
}

// command is a program and its arguments. In JSON it is a list of strings. Early
// versions of Docker also wrote a command as one string.
type command []string

// UnmarshalJSON implements json.Unmarshaler.
func (c *command) UnmarshalJSON(body []byte) error {
	var word string
	if err := json.Unmarshal(body, &word); err == nil {
		*c = nil
		if word != "" {
			*c = command{word}
		}
		return nil
	}
	return json.Unmarshal(body, (*[]string)(c))
}

// differences says in which fields two runtime configurations differ. It returns
// nothing if the configurations are the same.
func (r Runtime) differences(other Runtime, os string) []string {
	var all []string
	add := func(same bool, difference func() string) {
		if !same {
			all = append(all, difference())
		}
	}
	values := func(field string, source, destination any) func() string {
		return func() string { return differentValues(field, source, destination) }
	}
	keys := func(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
	add(slices.Equal(r.Env, other.Env), func() string { return differentNames("Env", variables(r.Env), variables(other.Env)) })
	add(slices.Equal(r.Entrypoint, other.Entrypoint), values("Entrypoint", r.Entrypoint, other.Entrypoint))
	add(slices.Equal(r.Cmd, other.Cmd), values("Cmd", r.Cmd, other.Cmd))
	add(r.User == other.User, values("User", r.User, other.User))
	add(r.WorkingDir == other.WorkingDir, values("WorkingDir", r.WorkingDir, other.WorkingDir))
	add(sameKeys(r.ExposedPorts, other.ExposedPorts), values("ExposedPorts", keys(r.ExposedPorts), keys(other.ExposedPorts)))
	add(sameKeys(r.Volumes, other.Volumes), values("Volumes", keys(r.Volumes), keys(other.Volumes)))
	add(maps.Equal(r.Labels, other.Labels), func() string { return differentNames("Labels", r.Labels, other.Labels) })
	add(r.StopSignal == other.StopSignal, values("StopSignal", r.StopSignal, other.StopSignal))
	add(!(r.usesShell() || other.usesShell()) || slices.Equal(r.Shell, other.Shell), values("Shell", r.Shell, other.Shell))
	add(r.Healthcheck.isSame(other.Healthcheck), values("Healthcheck", r.Healthcheck, other.Healthcheck))
	add(r.ArgsEscaped == other.ArgsEscaped || !strings.EqualFold(os, "windows"), values("ArgsEscaped", r.ArgsEscaped, other.ArgsEscaped))
	return all
}

// usesShell reports whether the shell means something when a container runs. Builds use
// it, and OCI has no such field, so a conversion to OCI loses it. Whoever starts a
// container does not read it: containerd and CRI-O do not know it, and Docker and Podman
// have the commands that the build made with it in Entrypoint and Cmd. Only Docker's
// checks of the kind CMD-SHELL can run in it.
// https://github.com/moby/moby/blob/v28.0.0/daemon/health.go (getShell)
// https://github.com/containers/podman/blob/v5.4.0/libpod/healthcheck.go (runHealthCheck)
func (r Runtime) usesShell() bool { return r.Healthcheck.kind() == "CMD-SHELL" }

// differentValues returns a message that shows two different values of a field.
func differentValues(field string, source, destination any) string {
	return fmt.Sprintf("config field %s: %s != %s", field, compact(source), compact(destination))
}

// differentNames returns a message that names the variables or labels that differ.
// It does not show their values, which may be secret.
func differentNames(field string, source, destination map[string]string) string {
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(source)) {
		if value, ok := destination[name]; !ok {
			differ = append(differ, name+" is only at the source")
		} else if value != source[name] {
			differ = append(differ, name+" differs")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(destination)) {
		if _, ok := source[name]; !ok {
			differ = append(differ, name+" is only at the destination")
		}
	}
	if len(differ) == 0 {
		differ = []string{"the order differs"}
	}
	for i, note := range differ {
		differ[i] = shorten(note, maxName)
	}
	return "config field " + field + ": " + firstNames(differ)
}

// variables returns the values of the variables in an environment, by their names.
func variables(env []string) map[string]string {
	byName := map[string]string{}
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		byName[name] = value
	}
	return byName
}

func sameKeys(a, b map[string]any) bool {
	return maps.EqualFunc(a, b, func(any, any) bool { return true })
}

// compact returns a value of a config as text for a message. Long values are cut.
func compact(v any) string {
	const most = 120
	text, err := json.Marshal(v)
	switch {
	case err != nil:
		return "?"
	case slices.Contains([]string{"null", "[]", "{}"}, string(text)):
		return "nothing"
	}
	if len(text) > most {
		return strings.ToValidUTF8(string(text[:most]), "") + "…"
	}
	return string(text)
}
