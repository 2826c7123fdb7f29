package validate

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Configs: what an image says of how it runs.

// Media types of an image's config.
const (
	typeDockerConfig = "application/vnd.docker.container.image.v1+json"
	typeOCIConfig    = "application/vnd.oci.image.config.v1+json"
)

// Config is the part of an image's config that is compared, and when the image
// was made. That, its history and author are not compared: who runs the image
// never sees them.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
type Config struct {
	Platform
	Created string  `json:"created"` // RFC 3339, or whatever was written in its place
	Runtime Runtime `json:"config"`
	RootFS  struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// Runtime is what a container is started with. The last three are Docker's
// own: a conversion to OCI may lose them.
type Runtime struct {
	User         string
	ExposedPorts map[string]any
	Env          []string
	Entrypoint   words
	Cmd          words
	Volumes      map[string]any
	WorkingDir   string
	Labels       map[string]string
	StopSignal   string
	ArgsEscaped  bool // of Windows: Cmd is a command line as it stands
	Healthcheck  map[string]any
	Shell        words
}

// words are a command. Early Docker also wrote it as one string.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(body []byte) error {
	var word string
	if err := json.Unmarshal(body, &word); err == nil {
		*w = nil
		if word != "" {
			*w = words{word}
		}
		return nil
	}
	return json.Unmarshal(body, (*[]string)(w))
}

// ParseConfig reads an image's config.
func ParseConfig(body []byte) (*Config, error) {
	var config Config
	if err := parseJSON(body, &config); err != nil {
		return nil, fmt.Errorf("parsing the config: %w", err)
	}
	return &config, nil
}

// difference names the first field in which two runtime configurations differ,
// or is "". Of variables and labels it shows the names only: their values are
// nobody's business.
func (r Runtime) difference(other Runtime, os string) string {
	values := func(field string, source, destination any) string {
		return fmt.Sprintf("config field %s: %s != %s", field, compact(source), compact(destination))
	}
	names := func(field string, source, destination map[string]string) string {
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
		return "config field " + field + ": " + strings.Join(differ, ", ")
	}
	switch {
	case !slices.Equal(r.Env, other.Env):
		return names("Env", variables(r.Env), variables(other.Env))
	case !slices.Equal(r.Entrypoint, other.Entrypoint):
		return values("Entrypoint", r.Entrypoint, other.Entrypoint)
	case !slices.Equal(r.Cmd, other.Cmd):
		return values("Cmd", r.Cmd, other.Cmd)
	case r.User != other.User:
		return values("User", r.User, other.User)
	case r.WorkingDir != other.WorkingDir:
		return values("WorkingDir", r.WorkingDir, other.WorkingDir)
	case !sameKeys(r.ExposedPorts, other.ExposedPorts):
		return values("ExposedPorts", slices.Sorted(maps.Keys(r.ExposedPorts)), slices.Sorted(maps.Keys(other.ExposedPorts)))
	case !sameKeys(r.Volumes, other.Volumes):
		return values("Volumes", slices.Sorted(maps.Keys(r.Volumes)), slices.Sorted(maps.Keys(other.Volumes)))
	case !maps.Equal(r.Labels, other.Labels):
		return names("Labels", r.Labels, other.Labels)
	case r.StopSignal != other.StopSignal:
		return values("StopSignal", r.StopSignal, other.StopSignal)
	case !slices.Equal(r.Shell, other.Shell):
		return values("Shell", r.Shell, other.Shell)
	case len(r.Healthcheck)+len(other.Healthcheck) > 0 && !reflect.DeepEqual(r.Healthcheck, other.Healthcheck):
		return values("Healthcheck", r.Healthcheck, other.Healthcheck)
	case r.ArgsEscaped != other.ArgsEscaped && strings.EqualFold(os, "windows"):
		return values("ArgsEscaped", r.ArgsEscaped, other.ArgsEscaped)
	}
	return ""
}

// variables are an environment by name.
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

// compact writes a value of a config for a message.
func compact(v any) string {
	const most = 120
	if value := reflect.ValueOf(v); value.Kind() != reflect.String && value.Kind() != reflect.Bool && value.Len() == 0 {
		return "nothing"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	if len(text) > most {
		return strings.ToValidUTF8(string(text[:most]), "") + "…"
	}
	return string(text)
}

// config reads an image's config, or says why it cannot be had.
func (c *comparison) config(side Side, manifest *Manifest) (config *Config, problem difference, ok bool) {
	if manifest.IsSchema1() {
		return manifest.Schema1, difference{}, true
	}
	digest := manifest.Config.Digest
	fact, ok := c.know(side, Blob, digest)
	switch {
	case !ok:
		return nil, difference{}, false
	case fact.Config != nil:
		return fact.Config, difference{}, true
	case fact.Missing && side == Source:
		return nil, difference{SourceMissing, fmt.Sprintf("source config %s does not exist: the source image is broken", digest)}, true
	case fact.Missing:
		return nil, difference{BlobMissing, fmt.Sprintf("destination does not have the config %s of %s", digest, manifest.Digest)}, true
	case side == Source:
		return nil, difference{BadManifest, fmt.Sprintf("source config %s is corrupt: its bytes have the digest %s", digest, fact.Digest)}, true
	}
	return nil, difference{BlobCorrupt, fmt.Sprintf("destination config %s of %s is corrupt: its bytes have the digest %s", digest, manifest.Digest, fact.Digest)}, true
}
