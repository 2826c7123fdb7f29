package mirrors

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"mvrun/engine/imagelist"
)

// rewrite changes the name of a repository.
type rewrite struct {
	pattern *regexp.Regexp
	with    string
}

// rewritesOf returns the rewrites with the patterns in their order.
func rewritesOf(patterns []string, with map[string]string) ([]rewrite, error) {
	var all []rewrite
	for _, text := range patterns {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("rewrite %q: %w", text, err)
		}
		all = append(all, rewrite{pattern, with[text]})
	}
	return all, nil
}

// rewritten returns the name of a repository at a host: the first pattern that changes
// the name counts.
// https://github.com/k3s-io/containerd/blob/v1.7.23-k3s1/remotes/docker/resolver.go (request)
func (h *host) rewritten(path string) string {
	for _, r := range h.rewrites {
		if changed := r.pattern.ReplaceAllString(path, r.with); changed != path {
			return changed
		}
	}
	return path
}

// of returns the rules for a registry, or nil.
func (rules hostRules) of(registry string) *nodeHosts {
	if own := rules[registry]; own != nil {
		return own
	}
	return rules[anyHost]
}

// route implements rules.
func (rules hostRules) route(registry, path string, byDigest bool) Route {
	found := rules.of(registry)
	if found == nil {
		return Route{Endpoints: []Endpoint{origin(registry, path)}}
	}
	var route Route
	add := func(h host, e Endpoint) {
		e.Settings = cmp.Or(h.settings, e.Settings)
		if h.pull && (h.resolve || byDigest) {
			route.Endpoints = append(route.Endpoints, e)
		} else {
			route.NotForTags = append(route.NotForTags, e.Host)
		}
	}
	for _, h := range found.hosts {
		add(h, h.endpointFor(registry, path))
	}
	if found.server != nil {
		add(*found.server, found.server.endpointFor(registry, path))
	} else {
		add(found.origin, origin(registry, path))
	}
	return route
}

// endpointFor returns the endpoint at which a host answers for a registry.
func (h host) endpointFor(registry, path string) Endpoint {
	e := h.endpoint(h.rewritten(path))
	if imagelist.IsSameRegistry(h.host, registry) {
		e.IsOrigin = true
	} else {
		e.Namespace = registry
	}
	return e
}

// hasCertificates reports whether a folder has certificates as Docker lays them out.
func hasCertificates(folder string) bool {
	s, err := folderSettings(folder)
	return err == nil && s != nil
}

// folderSettings returns the certificates of a folder as Docker lays them out, or nil:
// *.crt is a CA certificate, and *.cert and *.key are a client certificate.
func folderSettings(folder string) (*Settings, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	s := &Settings{From: folder}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch base := strings.TrimSuffix(path, filepath.Ext(path)); filepath.Ext(path) {
		case ".crt":
			s.CAs = append(s.CAs, path)
		case ".cert":
			s.Pairs = append(s.Pairs, KeyPair{path, base + ".key"})
		}
	}
	if s.CAs == nil && s.Pairs == nil {
		return nil, nil
	}
	return s, nil
}
