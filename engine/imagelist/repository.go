package imagelist

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// These patterns are the grammar of names. They come from
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
// and https://pkg.go.dev/github.com/distribution/reference.
var (
	componentPattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	tagPattern       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	digestPattern    = regexp.MustCompile(`^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$`)
)

// maxPath is the greatest length of a repository's path.
const maxPath = 255

// repository is the name of a repository, split into the registry and the path.
type repository struct {
	registry, path string // the registry is as CanonicalRegistry returns it
	written        string // the name as the list has it
}

// Errors for which the caller has the advice, because only the caller knows where the
// user gives a tag.
var (
	ErrTagged = errors.New("a repository has no tag or digest") // the name of a repository has one
	ErrNoTag  = errors.New("the tag is missing")
)

// parseRepository reads [REGISTRY/][PROJECT/]NAME.
func parseRepository(name string, o Options) (repository, error) {
	if strings.HasPrefix(name, transport) {
		return repository{}, errors.New("leave out the scheme " + transport)
	}
	if strings.Contains(name, "://") {
		if scheme, _, _ := strings.Cut(name, "://"); scheme != "http" || o.Hints.PlainHTTP == "" {
			return repository{}, errors.New("leave out the scheme")
		}
		return repository{}, fmt.Errorf("leave out the scheme; for plain HTTP give %s", o.Hints.PlainHTTP)
	}
	r := repository{DockerHub, name, name}
	if first, rest, found := strings.Cut(name, "/"); found && looksLikeRegistry(first) {
		if err := CheckRegistry(first); err != nil {
			return repository{}, err
		}
		r = repository{CanonicalRegistry(first), rest, name}
	}
	if err := checkPath(r.path); err != nil {
		return repository{}, err
	}
	return r, nil
}

// splitName splits the complete name of a repository, which an Image has.
func splitName(name, tag string) tagged {
	registry, path, _ := strings.Cut(name, "/")
	return tagged{repository{registry, path, name}, tag}
}

// checkPath returns an error if the path of a repository is wrong: the part of its
// name after the registry.
func checkPath(path string) error {
	if strings.ContainsAny(path, "@:") {
		return ErrTagged
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

// asSource returns the repository as the source of an image. A prefix in front of
// Docker Hub's images is that of a cache, and a cache asks Docker Hub for exactly
// the path behind its prefix. So the path has its library/ then.
func (r repository) asSource(o Options) repository {
	if _, prefix := splitPlace(o.Source); prefix != "" {
		r = r.full()
	}
	return r.at(o.Source).full()
}

// asDestination returns the repository as the destination of an image. A prefix is
// a project, so the default project is not added to it.
func (r repository) asDestination(o Options) repository {
	return r.at(o.Destination).below(o.DefaultProject)
}

// at returns the repository at another place, HOST[:PORT][/PREFIX]. The prefix stands
// before the path, unless the repository is named with this place already: the lines
// of a failed list may be. at changes nothing if place is "".
func (r repository) at(place string) repository {
	registry, prefix := splitPlace(place)
	isThere := r.registry == registry || r.registry == asWritten(registry)
	if prefix != "" && !(isThere && strings.HasPrefix(r.path, prefix+"/")) {
		r.path = prefix + "/" + r.path
	}
	r.registry = cmp.Or(registry, r.registry)
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

// IsTag reports whether a word is a tag, by the grammar of the distribution specification.
func IsTag(word string) bool { return tagPattern.MatchString(word) }

// checkTag returns an error if a tag is wrong. It may be TAG, DIGEST or TAG@DIGEST.
func checkTag(word string) error {
	if IsDigest(word) {
		return checkDigest(word)
	}
	tag, digest, hasDigest := strings.Cut(word, "@")
	if !tagPattern.MatchString(tag) {
		return fmt.Errorf("tag %s: want up to 128 letters, digits, _ . - and neither . nor - first", quote(tag))
	}
	if hasDigest {
		return checkDigest(digest)
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
	word = HideLogin(word)
	if len(word) > most {
		return fmt.Sprintf("%q… (%d bytes)", word[:most], len(word))
	}
	return fmt.Sprintf("%q", word)
}

// login matches the password of USER:PASSWORD@HOST, and also the tag of NAME:TAG@DIGEST,
// which is told apart by the algorithm after it.
var login = regexp.MustCompile(`:[^\s/@"']+@(?:(?:sha\d+|md5|blake\d):)?`)

// HideLogin returns a text with REDACTED for each password that stands before a host, as
// in user:password@registry.example. No name may hold a login, but people write them.
func HideLogin(text string) string {
	return login.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasSuffix(found, "@") {
			return ":REDACTED@"
		}
		return found
	})
}
