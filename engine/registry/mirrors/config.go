package mirrors

import (
	"fmt"
	"strings"
)

// Config is what the files of one format say.
type Config struct {
	// Format describes what was recognised, for the log: "registries.conf (version 2)".
	Format string
	Files  []string // that were read, in order
	// SHA256 is the digest of the one file that was read. Of several files it is the
	// digest of their digests and names.
	SHA256   string
	Warnings []string // such as keys that are not known

	rules rules
}

// rules are what one format says.
type rules interface {
	// route returns where a node asks for a repository of a registry. byDigest says
	// that the node asks for a digest, and not for a tag.
	route(registry, path string, byDigest bool) Route
}

// Route says where a node asks for a repository.
type Route struct {
	Endpoints []Endpoint // in the order in which the node asks them
	// Blocked says why the node asks nobody. It is "" if the node asks.
	Blocked string
	// NotForTags are the mirrors that are not among the endpoints, because a node does
	// not ask them for this kind of reference.
	NotForTags []string
	// OneForAll says that the first endpoint that has the manifest serves the whole
	// image: Podman and CRI-O pull so. containerd begins with the first endpoint again
	// for each digest.
	OneForAll bool
}

// Endpoint is a place where a node asks for a repository.
type Endpoint struct {
	Host       string // HOST[:PORT]
	Scheme     string // "https" or "http"; "" means as usual at this host
	Base       string // the path of URLs before the repository, such as "/v2"
	Repository string // the path of the repository at this endpoint
	// Namespace is the registry for which a mirror answers, for the parameter "ns" of
	// requests. It is "" if the endpoint is no mirror of that kind.
	Namespace string
	// Settings are those of the files for this endpoint; nil if they have none.
	// Endpoints with equal settings have the same pointer.
	Settings *Settings
	// IsOrigin reports whether the endpoint is the registry that an image's name names,
	// and not a mirror of it.
	IsOrigin bool
	// Broken says why the endpoint cannot be asked, such as a rewrite that makes no
	// repository of the name. It is "" if the endpoint can be asked.
	Broken string
}

// String returns the endpoint's repository with its host, for messages.
func (e Endpoint) String() string { return e.Host + "/" + e.Repository }

// Settings say how to speak to an endpoint.
type Settings struct {
	// PlainToo accepts any certificate, and plain HTTP.
	PlainToo bool
	// SkipVerify accepts any certificate.
	SkipVerify *bool
	CAs        []string // PEM files with CA certificates to trust
	Pairs      []KeyPair
	Header     map[string][]string // for each request; the values are secrets
	Login      Login
	From       string // the file, for messages
}

// KeyPair has the paths of a client certificate and its key.
type KeyPair struct{ Certificate, Key string }

// Login has the credentials for an endpoint.
type Login struct{ Username, Password, IdentityToken, Token string }

// Route returns where a node asks for a repository, which includes its registry, as
// docker.io/library/nginx. byDigest says that the node asks for a digest, and not for
// a tag.
func (c *Config) Route(repository string, byDigest bool) Route {
	registry, path, _ := strings.Cut(repository, "/")
	route := c.rules.route(registry, path, byDigest)
	for i, e := range route.Endpoints {
		if e.Repository != path && !isRepository(e.Repository) {
			route.Endpoints[i].Broken = fmt.Sprintf("the rules of %s make %q of %q, which is no name of a repository", c.Format, e.Repository, path)
		}
	}
	return route
}

// origin returns the registry itself as an endpoint.
func origin(registry, path string) Endpoint {
	return Endpoint{Host: registry, Base: defaultBase, Repository: path, IsOrigin: true}
}

// defaultBase is where the API of a registry begins.
const defaultBase = "/v2"
