package imagelist

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// These patterns are the grammar of names. They come from
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
// and https://pkg.go.dev/github.com/distribution/reference.
var (
	componentPattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	tagPattern       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	digestPattern    = regexp.MustCompile(`^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$`)
	registryPattern  = regexp.MustCompile(`^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$`)
)

// maxPath is the greatest length of a repository's path.
const maxPath = 255

// DockerHub is the registry of an image that names no registry. This is its name in
// lists; requests go to index.docker.io.
const DockerHub = "docker.io"

// repository is the name of a repository, split into the registry and the path.
type repository struct {
	registry, path string
	written        string // the name as the list has it
}

// errTagged says that the name of a repository has a tag or a digest.
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

// checkPath returns an error if the path of a repository is wrong: the part of its
// name after the registry.
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

// at returns the repository at another registry. It changes nothing if registry is
// "".
func (r repository) at(registry string) repository {
	if registry != "" {
		r.registry = registry
	}
	return r
}

// full returns the repository with library/ before its path, if it is at Docker Hub
// and its path has only one component. The name of a source may leave library/ out.
func (r repository) full() repository {
	if r.registry == DockerHub {
		return r.below("library")
	}
	return r
}

// below returns the repository with a project before its path, if its path has only
// one component. It changes nothing if project is "".
func (r repository) below(project string) repository {
	if project != "" && !strings.Contains(r.path, "/") {
		r.path = project + "/" + r.path
	}
	return r
}

// String returns the name with its registry. If the list has exactly this name,
// String returns the string from the list, which saves memory: a run keeps all names
// of its list.
func (r repository) String() string {
	if path, ok := strings.CutPrefix(r.written, r.registry+"/"); ok && path == r.path {
		return r.written
	}
	return r.registry + "/" + r.path
}

// CheckRegistry returns an error if a registry is not written as HOST[:PORT].
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

// checkTag returns an error if a tag is wrong. The tag may also be a digest.
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

// quote returns a word of a list for a message. It escapes control characters, which
// could do harm on a terminal, and cuts long words.
func quote(word string) string {
	const most = 100
	if len(word) > most {
		return fmt.Sprintf("%q… (%d bytes)", word[:most], len(word))
	}
	return fmt.Sprintf("%q", word)
}
