package mirrors

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"mvrun/engine/imagelist"
)

// registries.yaml of k3s and rke2, which make containerd's hosts.toml of it.
// https://docs.k3s.io/installation/private-registry
// https://docs.rke2.io/install/private_registry
// https://github.com/k3s-io/k3s/blob/v1.32.0+k3s1/pkg/agent/containerd/config.go (getHostConfigs)

const rancherFormat = "registries.yaml of k3s or rke2"

// everyHost is the name of the rules for registries that have none of their own.
const everyHost = "*"

// rancher reads a registries.yaml.
func (r *reader) rancher(path string) (*Config, error) {
	content, err := r.read(path)
	if err != nil {
		return nil, err
	}
	c := &Config{Format: rancherFormat}
	p := &rancherParser{file: path, config: c, settings: map[string]*Settings{}, rules: hostRules{}}
	if err := p.parse(content); err != nil {
		return nil, err
	}
	c.rules = p.rules
	return c, nil
}

// rancherParser walks a registries.yaml. It walks nodes, because these know their lines,
// and because an error of the library would show values.
type rancherParser struct {
	file     string
	config   *Config
	settings map[string]*Settings // of "configs", by host
	rules    hostRules
	visited  int // how many keys and values were read
}

func (p *rancherParser) parse(content []byte) error {
	var document yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(content)).Decode(&document)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is empty", p.file)
	}
	if err != nil {
		return fmt.Errorf("%s: the file is no YAML that can be read%s", p.file, lineOfYAML(err))
	}
	root := &document
	if len(document.Content) == 1 {
		root = document.Content[0]
	}
	var mirrors *yaml.Node
	known := false
	err = p.each(root, "the file", func(key, value *yaml.Node) (bool, error) {
		switch key.Value {
		case "mirrors":
			mirrors, known = value, true
		case "configs":
			known = true
			return true, p.each(value, "configs", func(host, value *yaml.Node) (bool, error) {
				s, err := p.parseConfig(value)
				p.settings[hostKey(host.Value)] = s
				return true, err
			})
		default:
			return false, nil
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("%s has neither mirrors nor configs, so it is no registries.yaml of k3s or rke2", p.file)
	}
	// Settings without mirrors count at the registry itself.
	for host, settings := range p.settings {
		if host == everyHost {
			host = anyHost
		}
		if settings != nil {
			p.rules[host] = &nodeHosts{origin: ownHost(settings)}
		}
	}
	return p.each(mirrors, "mirrors", func(host, value *yaml.Node) (bool, error) { return true, p.parseMirror(hostKey(host.Value), value) })
}

// ownHost returns the registry itself, with settings.
func ownHost(s *Settings) host { return host{pull: true, resolve: true, settings: s} }

// hostKey returns the name of a registry as rules have it. Some people write it as a URL.
func hostKey(name string) string {
	for _, scheme := range []string{"https://", "http://"} {
		name = strings.TrimPrefix(name, scheme)
	}
	return imagelist.CanonicalRegistry(strings.TrimSuffix(name, "/"))
}

// parseConfig parses the part of "configs" for one host. It returns nil if the part says
// nothing.
func (p *rancherParser) parseConfig(node *yaml.Node) (*Settings, error) {
	s := &Settings{From: p.file}
	var pair KeyPair
	var authority string
	isEmpty := true
	err := p.each(node, "configs", func(key, value *yaml.Node) (bool, error) {
		isEmpty = isEmpty && isNull(value)
		switch key.Value {
		case "auth":
			return true, p.parseAuth(value, &s.Login)
		case "tls":
			return true, p.each(value, "tls", func(key, value *yaml.Node) (known bool, err error) {
				switch key.Value {
				case "ca_file":
					authority, err = p.text(value, "ca_file")
				case "cert_file":
					pair.Certificate, err = p.text(value, "cert_file")
				case "key_file":
					pair.Key, err = p.text(value, "key_file")
				case "insecure_skip_verify":
					s.SkipVerify, err = p.truth(value, "insecure_skip_verify")
				default:
					return false, nil
				}
				return true, err
			})
		}
		return false, nil
	})
	if err != nil || isEmpty {
		return nil, err
	}
	if authority != "" {
		s.CAs = []string{below(filepath.Dir(p.file), authority)}
	}
	switch {
	case (pair.Certificate == "") != (pair.Key == ""):
		return nil, p.errorAt(node, "cert_file and key_file go together: only one of them is given")
	case pair.Key != "":
		s.Pairs = []KeyPair{{below(filepath.Dir(p.file), pair.Certificate), below(filepath.Dir(p.file), pair.Key)}}
	}
	return s, nil
}

// parseAuth parses the credentials of a host. Its errors show no value.
func (p *rancherParser) parseAuth(node *yaml.Node, login *Login) error {
	var encoded string
	err := p.each(node, "auth", func(key, value *yaml.Node) (known bool, err error) {
		switch key.Value {
		case "username":
			login.Username, err = p.text(value, "username")
		case "password":
			login.Password, err = p.text(value, "password")
		case "auth":
			encoded, err = p.text(value, "auth")
		case "identity_token", "identitytoken":
			login.IdentityToken, err = p.text(value, key.Value)
		case "token":
			login.Token, err = p.text(value, "token")
		default:
			return false, nil
		}
		return true, err
	})
	if err != nil || encoded == "" || login.Username != "" {
		return err
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	username, password, ok := strings.Cut(strings.TrimRight(string(decoded), "\x00"), ":")
	if err != nil || !ok {
		return p.errorAt(node, "auth: want the base64 of USERNAME:PASSWORD")
	}
	login.Username, login.Password = username, password
	return nil
}

// parseMirror parses the part of "mirrors" for one registry.
func (p *rancherParser) parseMirror(registry string, node *yaml.Node) error {
	var endpoints *yaml.Node
	var rewrites []rewrite
	err := p.each(node, "mirrors", func(key, value *yaml.Node) (bool, error) {
		switch key.Value {
		case "endpoint", "endpoints":
			endpoints = resolve(value)
		case "rewrite":
			return true, p.each(value, "rewrite", func(key, value *yaml.Node) (bool, error) {
				with, err := p.text(value, "rewrite")
				if err != nil {
					return true, err
				}
				one, err := rewritesOf([]string{key.Value}, map[string]string{key.Value: with})
				if err != nil {
					return true, p.errorAt(key, "%v", err)
				}
				rewrites = append(rewrites, one...)
				return true, nil
			})
		default:
			return false, nil
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	hosts := &nodeHosts{origin: ownHost(p.settings[registry])}
	if err := p.addEndpoints(hosts, registry, endpoints, rewrites); err != nil {
		return err
	}
	if registry == everyHost {
		registry = anyHost
	}
	if len(hosts.hosts) == 0 && hosts.server == nil && hosts.origin.settings == nil { // says nothing, so that the rules for every registry count
		return nil
	}
	p.rules[registry] = hosts
	return nil
}

// addEndpoints adds the endpoints of a mirror, each once.
func (p *rancherParser) addEndpoints(hosts *nodeHosts, registry string, node *yaml.Node, rewrites []rewrite) error {
	if isNull(node) {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		return p.errorAt(node, "endpoint: want a list of URLs")
	}
	seen := map[place]bool{}
	itself, err := parseURL(withScheme(registry))
	if err != nil && registry != everyHost {
		return p.errorAt(node, "mirrors: %q is no registry", registry)
	}
	itself.base = defaultBase
	for i, element := range node.Content {
		address, err := p.text(element, "endpoint")
		if err != nil {
			return err
		}
		at, err := parseURL(withScheme(address))
		if err != nil {
			return p.errorAt(element, "endpoint: %v", err)
		}
		if at.base == "" || at.base == "/" {
			at.base = defaultBase
		}
		if seen[at] {
			continue
		}
		seen[at] = true
		h := host{place: at, pull: true, resolve: true, rewrites: rewrites, settings: p.settings[at.host]}
		if i+1 == len(node.Content) && at == itself {
			hosts.server = &h // the registry itself, which would be asked last anyway
			continue
		}
		hosts.hosts = append(hosts.hosts, h)
	}
	return nil
}

// withScheme returns the URL of an endpoint with its scheme. Without one, a port of
// this machine speaks plain HTTP.
func withScheme(address string) string {
	if strings.Contains(address, "://") {
		return address
	}
	host, _, _ := strings.Cut(address, "/")
	name, port, err := net.SplitHostPort(host)
	if ip := net.ParseIP(name); err == nil && port != "443" && (name == "localhost" || ip != nil && ip.IsLoopback()) {
		return "http://" + address
	}
	return "https://" + address
}
