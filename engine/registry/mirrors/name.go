package mirrors

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"mvrun/engine/imagelist"
)

var repositoryPattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)

func isRepository(path string) bool { return repositoryPattern.MatchString(path) }

// place is a URL under which a registry's API is.
type place struct{ scheme, host, base string }

// errNoURL does not show the URL, which may have a password.
var errNoURL = errors.New("want https://HOST[:PORT][/PATH] or http://HOST[:PORT][/PATH]")

// parseURL reads the URL of an endpoint, whose scheme may be left out.
// https://github.com/containerd/containerd/blob/v2.0.0/core/remotes/docker/config/hosts.go (parseHostConfig)
func parseURL(text string) (place, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.User != nil, u.RawQuery != "", u.Fragment != "":
		return place{}, errNoURL
	}
	if err := imagelist.CheckRegistry(u.Host); err != nil {
		return place{}, fmt.Errorf("%w: %w", errNoURL, err)
	}
	p := place{scheme: u.Scheme, host: imagelist.CanonicalRegistry(u.Host)}
	if u.Path != "" {
		p.base = path.Clean(u.Path)
	}
	return p, nil
}

// endpoint returns the endpoint at a place for a repository. Below /v2/, a path is a
// part of the repository's name for the registry, such as the project of a proxy cache.
func (p place) endpoint(repository string) Endpoint {
	base := p.base
	if below, ok := strings.CutPrefix(base, defaultBase+"/"); ok {
		base, repository = defaultBase, below+"/"+repository
	}
	if base == "/" {
		base = ""
	}
	return Endpoint{Host: p.host, Scheme: p.scheme, Base: base, Repository: repository}
}

// lineOf returns the place of the first line that begins with some words, or has a
// word in quotes: the library that reads TOML does not tell where a table stands.
func lineOf(file string, content []byte, nth int, find func(line string) bool) string {
	number := 0
	for line := range strings.SplitSeq(string(content), "\n") {
		number++
		if find(strings.TrimSpace(line)) {
			if nth--; nth < 0 {
				return fmt.Sprintf("%s:%d", file, number)
			}
		}
	}
	return file
}
