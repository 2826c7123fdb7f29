package mirrors

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"mvrun/engine/imagelist"
)

// The folder certs.d of containerd, with a folder for each registry.
// https://github.com/containerd/containerd/blob/v2.0.0/docs/hosts.md
// https://github.com/containerd/containerd/blob/v2.0.0/core/remotes/docker/config/hosts.go

const (
	containerdFormat = "certs.d of containerd (hosts.toml)"
	hostsFile        = "hosts.toml"
	// anyHost is the folder for registries that have no folder of their own.
	anyHost = "_default"
)

// hostsContent is the content of hosts.toml. The fields beside the hosts are those of
// the server, which is asked last.
type hostsContent struct {
	Server string `toml:"server"`
	hostFields
	Hosts map[string]hostFields `toml:"host"`
}

type hostFields struct {
	Capabilities []string          `toml:"capabilities"`
	CA           any               `toml:"ca"`
	Client       any               `toml:"client"`
	SkipVerify   *bool             `toml:"skip_verify"`
	Header       map[string]any    `toml:"header"`
	OverridePath bool              `toml:"override_path"`
	DialTimeout  any               `toml:"dial_timeout"` // we have a limit of our own
	Rewrite      map[string]string `toml:"rewrite"`      // of the containerd in k3s and rke2
}

// host is an endpoint of a hosts.toml or a registries.yaml.
type host struct {
	place
	pull, resolve bool
	rewrites      []rewrite
	settings      *Settings
}

// nodeHosts are the hosts that are asked for one registry. server is asked last; nil
// means the registry itself, with the settings of origin.
type nodeHosts struct {
	hosts  []host
	server *host
	origin host
}

// hostRules are the rules for registries, by their names. anyHost is one of them.
type hostRules map[string]*nodeHosts

// containerd reads a folder certs.d.
func (r *reader) containerd(folder string) (*Config, error) {
	c, hosts := &Config{Format: containerdFormat}, hostRules{}
	c.rules = hosts
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if path := filepath.Join(folder, entry.Name()); isFolder(path) {
			if err := r.addHost(c, hosts, path); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// oneHost reads the folder of one registry.
func (r *reader) oneHost(folder string) (*Config, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	c, hosts := &Config{Format: containerdFormat}, hostRules{}
	c.rules = hosts
	return c, r.addHost(c, hosts, folder)
}

// addHost reads the folder of one registry. containerd looks for host_5000_ before
// host:5000. The first of them comes later in a folder, and replaces the other one.
func (r *reader) addHost(c *Config, rules hostRules, folder string) error {
	name := filepath.Base(folder)
	registry := name
	if before, ok := strings.CutSuffix(name, "_"); ok && name != anyHost {
		if i := strings.LastIndexByte(before, '_'); i > 0 {
			registry = before[:i] + ":" + before[i+1:]
		}
	}
	if registry != anyHost {
		if err := imagelist.CheckRegistry(registry); err != nil {
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s: the folder's name is no registry, so the folder is ignored", folder))
			return nil
		}
		registry = strings.ToLower(registry)
	}
	path := filepath.Join(folder, hostsFile)
	content, _, err := r.readIfThere(path)
	if err != nil {
		return err
	}
	hosts, err := parseHosts(c, path, content)
	if err != nil {
		return err
	}
	if len(content) == 0 { // without hosts.toml the folder is read as Docker's
		if hosts.origin.settings, err = folderSettings(folder); err != nil {
			return err
		}
	}
	rules[registry] = hosts
	return nil
}

// parseHosts parses a hosts.toml.
func parseHosts(c *Config, path string, content []byte) (*nodeHosts, error) {
	var file hostsContent
	meta, err := decodeTOML(path, content, &file)
	if err != nil {
		return nil, err
	}
	c.Warnings = append(c.Warnings, unknownKeys(path, meta)...)
	hosts := &nodeHosts{}
	for _, name := range hostsInOrder(meta) {
		where := lineOf(path, content, 0, func(line string) bool {
			return strings.HasPrefix(line, "[") && strings.Contains(line, name)
		})
		h, err := file.Hosts[name].host(name, path, where)
		if err != nil {
			return nil, fmt.Errorf("%s: host %q: %w", where, name, err)
		}
		h.rewrites, err = rewritesOf(rewritesInOrder(meta, name), file.Hosts[name].Rewrite)
		if err != nil {
			return nil, fmt.Errorf("%s: host %q: %w", where, name, err)
		}
		hosts.hosts = append(hosts.hosts, h)
	}
	where := lineOf(path, content, 0, func(line string) bool { return strings.HasPrefix(line, "server") })
	last, err := file.host(file.Server, path, where)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if file.Server == "" {
		hosts.origin = last
	} else {
		hosts.server = &last
	}
	return hosts, nil
}

// hostsInOrder returns the names of the tables [host."…"] in the order of the file.
func hostsInOrder(meta toml.MetaData) []string {
	var names []string
	for _, key := range meta.Keys() {
		if len(key) >= 2 && key[0] == "host" && !slices.Contains(names, key[1]) {
			names = append(names, key[1])
		}
	}
	return names
}

// rewritesInOrder returns the patterns of a host's rewrites in the order of the file.
func rewritesInOrder(meta toml.MetaData, host string) []string {
	var patterns []string
	for _, key := range meta.Keys() {
		if len(key) == 4 && key[0] == "host" && key[1] == host && key[2] == "rewrite" {
			patterns = append(patterns, key[3])
		}
	}
	return patterns
}

// host returns the host with a URL. The URL may be "" for the registry itself.
func (f hostFields) host(address, path, where string) (host, error) {
	h := host{pull: len(f.Capabilities) == 0, resolve: len(f.Capabilities) == 0}
	for _, capability := range f.Capabilities {
		switch strings.ToLower(capability) {
		case "pull":
			h.pull = true
		case "resolve":
			h.resolve = true
		case "push", "referrers":
		default:
			return h, fmt.Errorf("capabilities: %q is none of pull, resolve, push, referrers", capability)
		}
	}
	if address != "" {
		var err error
		if h.place, err = parseURL(address); err != nil {
			return h, err
		}
		if !f.OverridePath && !strings.HasSuffix(h.base, defaultBase) {
			h.base = strings.TrimSuffix(h.base, "/") + defaultBase
		}
	}
	settings, err := f.settings(path, where)
	h.settings = settings
	return h, err
}

// settings returns the settings of a host, or nil if it has none.
func (f hostFields) settings(path, where string) (*Settings, error) {
	if f.CA == nil && f.Client == nil && f.SkipVerify == nil && len(f.Header) == 0 {
		return nil, nil
	}
	s := &Settings{SkipVerify: f.SkipVerify, From: path}
	folder := filepath.Dir(path)
	var ok bool
	if s.CAs, ok = texts(f.CA); !ok {
		return nil, fmt.Errorf("ca: want the path of a file, or a list of these")
	}
	for i := range s.CAs {
		s.CAs[i] = below(folder, s.CAs[i])
	}
	if s.Pairs, ok = pairs(f.Client, folder); !ok {
		return nil, fmt.Errorf("client: want the path of a file, a list of these, or a list of pairs [CERTIFICATE, KEY]")
	}
	for name, value := range f.Header {
		values, ok := texts(value)
		if !ok || !isHeader(name, values) {
			return nil, fmt.Errorf("header %q: want a text, or a list of texts, of one line", name)
		}
		if s.Header == nil {
			s.Header = map[string][]string{}
		}
		s.Header[name] = values
	}
	return s, nil
}
