package mirrors

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mvrun/engine/imagelist"
)

// registries.conf of Podman, Skopeo, Buildah and CRI-O.
// https://github.com/containers/image/blob/v5.34.0/docs/containers-registries.conf.5.md
// https://github.com/containers/image/blob/v5.34.0/pkg/sysregistriesv2/system_registries_v2.go

const containersFormat = "registries.conf (version 2)"

// confFile is the content of registries.conf. The keys of type any are for names
// without a registry and for logins, which have nothing to do with mirrors.
type confFile struct {
	Registry []confRegistry `toml:"registry"`

	Registries        any `toml:"registries"` // version 1
	UnqualifiedSearch any `toml:"unqualified-search-registries"`
	CredentialHelpers any `toml:"credential-helpers"`
	LayerStoreHelper  any `toml:"additional-layer-store-auth-helper"`
	ShortNameMode     any `toml:"short-name-mode"`
	Aliases           any `toml:"aliases"`
}

type confRegistry struct {
	Prefix             string       `toml:"prefix"`
	Location           string       `toml:"location"`
	Insecure           bool         `toml:"insecure"`
	Blocked            bool         `toml:"blocked"`
	MirrorByDigestOnly bool         `toml:"mirror-by-digest-only"`
	NamespaceProxy     string       `toml:"namespace-proxy"`
	Mirrors            []confMirror `toml:"mirror"`

	where string // its file and line
}

type confMirror struct {
	Location       string `toml:"location"`
	Insecure       bool   `toml:"insecure"`
	PullFromMirror string `toml:"pull-from-mirror"`
	// NamespaceProxy is the registry for which a mirror answers: the parameter "ns".
	NamespaceProxy string `toml:"namespace-proxy"`
}

// containers reads registries.conf, and the files of its folder registries.conf.d.
func (r *reader) containers(path string) (*Config, error) {
	c, registries := &Config{Format: containersFormat}, containersRules{}
	content, exists, err := r.readIfThere(path)
	if err != nil {
		return nil, err
	}
	if exists {
		if err := registries.add(c, path, content); err != nil {
			return nil, err
		}
	}
	return c, r.addDropIns(c, registries, path+".d")
}

// dropIns reads a folder registries.conf.d alone.
func (r *reader) dropIns(folder string) (*Config, error) {
	c := &Config{Format: containersFormat}
	return c, r.addDropIns(c, containersRules{}, folder)
}

// addDropIns adds the files of a folder in the order of their names. A later file
// replaces what an earlier one says about the same prefix.
func (r *reader) addDropIns(c *Config, registries containersRules, folder string) error {
	c.rules = registries
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if !strings.HasSuffix(entry.Name(), ".conf") || isFolder(path) {
			continue
		}
		content, err := r.read(path)
		if err != nil {
			return err
		}
		if err := registries.add(c, path, content); err != nil {
			return err
		}
	}
	return nil
}

// containersRules are the tables [[registry]], by their prefix.
type containersRules map[string]*confRegistry

// add adds the tables of a file.
func (rules containersRules) add(c *Config, path string, content []byte) error {
	var file confFile
	meta, err := decodeTOML(path, content, &file)
	if err != nil {
		return err
	}
	if file.Registries != nil {
		return fmt.Errorf("%s: this is version 1 of registries.conf, with [registries.search] and the like: write [[registry]] tables instead", path)
	}
	if len(file.Registry) == 0 && len(meta.Undecoded()) == len(meta.Keys()) && len(meta.Keys()) > 0 {
		return fmt.Errorf("%s: no key of this file is one of registries.conf", path)
	}
	c.Warnings = append(c.Warnings, unknownKeys(path, meta, "credential-helpers", "aliases", "registries")...)
	seen := map[string]bool{}
	for i := range file.Registry {
		registry := &file.Registry[i]
		registry.where = lineOf(path, content, i, func(line string) bool { return strings.HasPrefix(line, "[[registry]]") })
		if err := registry.check(); err != nil {
			return fmt.Errorf("%s: %w", registry.where, err)
		}
		if !seen[registry.Prefix] { // within a file the first table of a prefix counts
			seen[registry.Prefix], rules[registry.Prefix] = true, registry
		}
	}
	return nil
}

// check puts the names of a table in order, and returns an error if the table is wrong.
func (r *confRegistry) check() error {
	isWildcard := strings.HasPrefix(r.Prefix, "*.")
	if r.Location == "" && !isWildcard {
		if r.Prefix == "" {
			return errors.New("[[registry]] has neither a prefix nor a location")
		}
		r.Location = r.Prefix
	}
	if r.Prefix == "" {
		r.Prefix = r.Location
	}
	for _, name := range []struct {
		key   string
		value *string
	}{{"location", &r.Location}, {"prefix", &r.Prefix}} {
		if *name.value == "" {
			continue
		}
		wildcard := ""
		if name.key == "prefix" && isWildcard {
			wildcard = "*."
		}
		cleaned, err := cleanPlace(strings.TrimPrefix(*name.value, wildcard))
		if err != nil {
			return fmt.Errorf("%s = %q: %w", name.key, *name.value, err)
		}
		cleaned = wildcard + cleaned
		*name.value = cleaned
	}
	if isWildcard && strings.Contains(r.Prefix, "/") {
		return fmt.Errorf("prefix = %q: want *.HOST, without a path", r.Prefix)
	}
	for i := range r.Mirrors {
		if err := r.Mirrors[i].check(r.MirrorByDigestOnly); err != nil {
			return err
		}
	}
	return nil
}

func (m *confMirror) check(digestOnly bool) (err error) {
	switch m.PullFromMirror {
	case "", "all", "digest-only", "tag-only":
	default:
		return fmt.Errorf("pull-from-mirror = %q: want all, digest-only or tag-only", m.PullFromMirror)
	}
	if digestOnly && m.PullFromMirror != "" {
		return fmt.Errorf("mirror %q: pull-from-mirror and mirror-by-digest-only exclude each other", m.Location)
	}
	if m.Location, err = cleanPlace(m.Location); err != nil {
		return fmt.Errorf("mirror %q: %w", m.Location, err)
	}
	return nil
}

// cleanPlace returns HOST[:PORT][/PATH] as image names have it.
func cleanPlace(name string) (string, error) {
	name = strings.TrimRight(name, "/")
	if strings.Contains(name, "://") {
		return name, errors.New("leave out the scheme")
	}
	host, rest, hasPath := strings.Cut(name, "/")
	if err := imagelist.CheckRegistry(host); err != nil {
		return name, err
	}
	host = imagelist.CanonicalRegistry(host)
	if !hasPath {
		return host, nil
	}
	if !isRepository(rest) {
		return name, errors.New("its path is no name of a project or repository")
	}
	return host + "/" + rest, nil
}

// matches returns how many bytes of a repository's name the prefix covers, or -1.
func (r *confRegistry) matches(repository string) int {
	covered := len(r.Prefix)
	if domain, ok := strings.CutPrefix(r.Prefix, "*"); ok {
		host, _, _ := strings.Cut(repository, "/")
		if covered = strings.Index(host, domain); covered < 0 {
			return -1
		}
		covered += len(domain)
	} else if !strings.HasPrefix(repository, r.Prefix) {
		return -1
	}
	if covered == len(repository) || repository[covered] == '/' || repository[covered] == ':' {
		return covered
	}
	return -1
}

// isMoreSpecific reports whether a table counts for more than another one: the longest
// prefix does, and of two with the same length the first in the alphabet.
func (r *confRegistry) isMoreSpecific(other *confRegistry) bool {
	return cmp.Or(cmp.Compare(len(r.Prefix), len(other.Prefix)), cmp.Compare(other.Prefix, r.Prefix)) > 0
}

// route implements rules.
func (rules containersRules) route(registry, path string, byDigest bool) Route {
	route := Route{OneForAll: true}
	repository := registry + "/" + path
	var found *confRegistry
	for _, r := range rules {
		if r.matches(repository) >= 0 && (found == nil || r.isMoreSpecific(found)) {
			found = r
		}
	}
	if found == nil {
		route.Endpoints = []Endpoint{origin(registry, path)}
		return route
	}
	if found.Blocked {
		route.Blocked = fmt.Sprintf("%s blocks %s", found.where, found.Prefix)
		return route
	}
	rest := repository[found.matches(repository):]
	for _, m := range found.Mirrors {
		if m.isFor(byDigest, found.MirrorByDigestOnly) {
			route.Endpoints = append(route.Endpoints, containersEndpoint(m.Location+rest, m.Insecure, m.NamespaceProxy))
		} else {
			route.NotForTags = append(route.NotForTags, m.Location)
		}
	}
	itself := repository
	if found.Location != "" {
		itself = found.Location + rest
	}
	last := containersEndpoint(itself, found.Insecure, found.NamespaceProxy)
	last.IsOrigin = true
	route.Endpoints = append(route.Endpoints, last)
	return route
}

// isFor reports whether a mirror is asked for a digest, or else for a tag.
func (m confMirror) isFor(byDigest, digestOnly bool) bool {
	switch {
	case digestOnly, m.PullFromMirror == "digest-only":
		return byDigest
	case m.PullFromMirror == "tag-only":
		return !byDigest
	}
	return true
}

// insecure are the settings of all endpoints with "insecure = true".
var insecure = &Settings{PlainToo: true}

func containersEndpoint(name string, isInsecure bool, namespace string) Endpoint {
	host, path, _ := strings.Cut(name, "/")
	e := Endpoint{Host: host, Base: defaultBase, Repository: path, Namespace: namespace}
	if isInsecure {
		e.Settings = insecure
	}
	return e
}
