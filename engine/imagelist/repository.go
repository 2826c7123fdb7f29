package imagelist

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The grammar of names, from
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
// and https://pkg.go.dev/github.com/distribution/reference.
var (
	componentPattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	tagPattern       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	digestPattern    = regexp.MustCompile(`^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$`)
	registryPattern  = regexp.MustCompile(`^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$`)
)

// maxPath is how long the path of a repository may be.
const maxPath = 255

// DockerHub is the registry of an image that names none. Docker Hub has other
// names on the network: it is asked at index.docker.io.
const DockerHub = "docker.io"

// repository is the name of a repository, split behind its registry.
type repository struct {
	registry, path string
	written        string // the name as it stands in the list
}

// errTagged is the error of a tag or a digest in the place of a repository.
var errTagged = errors.New("a repository has no tag or digest: that is the third word of the line")

// parseRepository reads [REGISTRY/][PROJECT/]NAME.
func (o Options) parseRepository(name string) (repository, error) {
	if strings.Contains(name, "://") {
		if o.Hints.PlainHTTP == "" {
			return repository{}, errors.New("leave out the scheme")
		}
		return repository{}, fmt.Errorf("leave out the scheme; for plain HTTP give %s", o.Hints.PlainHTTP)
	}
	r := repository{DockerHub, name, name}
	if first, rest, found := strings.Cut(name, "/"); found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		if err := CheckRegistry(first); err != nil {
			return repository{}, err
		}
		r = repository{first, rest, name}
	}
	if err := checkPath(r.path); err != nil {
		return repository{}, err
	}
	return r, nil
}

// checkPath says what is wrong with the part of a repository's name behind its
// registry.
func checkPath(path string) error {
	if strings.ContainsAny(path, "@:") {
		return errTagged
	}
	if path == "" {
		return errors.New("the name is missing")
	}
	for component := range strings.SplitSeq(path, "/") {
		switch {
		case component == "":
			return errors.New("a part between two slashes is empty")
		case component != strings.ToLower(component):
			return fmt.Errorf("%s: a repository is written in lower case", quote(component))
		case !componentPattern.MatchString(component):
			return fmt.Errorf("%s: a repository has lower-case letters and digits, with single . _ - (or __, --) between them", quote(component))
		}
	}
	return nil
}

// at moves a repository to another registry, if one is given.
func (r repository) at(registry string) repository {
	if registry != "" {
		r.registry = registry
	}
	return r
}

// full adds what the name of a source may leave out: at Docker Hub, and only
// there, images of one component lie below library/.
func (r repository) full() repository {
	if r.registry == DockerHub {
		return r.below("library")
	}
	return r
}

// below puts a repository of one component below a project, if one is given.
func (r repository) below(project string) repository {
	if project != "" && !strings.Contains(r.path, "/") {
		r.path = project + "/" + r.path
	}
	return r
}

// String returns the name with its registry. If the list has the same name, it
// is no copy: a run keeps all names of its list.
func (r repository) String() string {
	if path, ok := strings.CutPrefix(r.written, r.registry+"/"); ok && path == r.path {
		return r.written
	}
	return r.registry + "/" + r.path
}

// CheckRegistry says what is wrong with the name of a registry: HOST[:PORT].
func CheckRegistry(registry string) error {
	if !registryPattern.MatchString(registry) {
		return fmt.Errorf("%s is no registry: want HOST or HOST:PORT, without scheme and path", quote(registry))
	}
	if colon := strings.LastIndexByte(registry, ':'); colon > strings.LastIndexByte(registry, ']') {
		if port, err := strconv.Atoi(registry[colon+1:]); err != nil || port < 1 || port > 65535 {
			return fmt.Errorf("%s is no registry: ports go from 1 to 65535", quote(registry))
		}
	}
	return nil
}

// checkTag says what is wrong with a tag, or with a digest in its place.
func checkTag(tag string) error {
	if IsDigest(tag) {
		return checkDigest(tag)
	}
	if !tagPattern.MatchString(tag) {
		return fmt.Errorf("tag %s: want up to 128 letters, digits, _ . - and neither . nor - first", quote(tag))
	}
	return nil
}

func checkDigest(digest string) error {
	if !digestPattern.MatchString(digest) {
		return fmt.Errorf("digest %s: want sha256: and 64, or sha512: and 128 hexadecimal digits", quote(digest))
	}
	return nil
}

// quote writes a word of a list for a message. Control characters are escaped,
// so that no list can write to a terminal, and long words are cut.
func quote(word string) string {
	const most = 100
	if len(word) > most {
		return fmt.Sprintf("%q… (%d bytes)", word[:most], len(word))
	}
	return fmt.Sprintf("%q", word)
}
