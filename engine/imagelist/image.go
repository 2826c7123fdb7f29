package imagelist

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// One line of a list: what an image is called on both sides.

// Image is one image of a mirror list.
type Image struct {
	Source      string // repository at the source, with its registry: docker.io/library/nginx
	Destination string // repository at the destination, with its registry
	Tag         string // a tag, or a digest

	Line       string // as it stands in the list, without its end
	LineNumber int    // from 1; 0 if the image is of no list
	Number     int    // from 1, comments and blank lines left out: the log's M_ID
	List       string // name of the list, for messages
}

// SourceReference is the source image as users write it.
func (i Image) SourceReference() string { return Reference(i.Source, i.Tag) }

// DestinationReference is the destination image as users write it.
func (i Image) DestinationReference() string { return Reference(i.Destination, i.Tag) }

// Reference joins a repository and a tag or digest.
func Reference(repository, tag string) string {
	if IsDigest(tag) {
		return repository + "@" + tag
	}
	return repository + ":" + tag
}

// IsDigest says whether a tag field holds a digest. A tag cannot have a colon.
func IsDigest(tag string) bool { return strings.Contains(tag, ":") }

// Options are what a list leaves open.
type Options struct {
	Source         string // registry of every source image, "" for the list's
	Destination    string // registry of every destination image, "" for the list's
	DefaultProject string // project of a destination of one component, "" for none
}

// defaultRegistry is the registry of an image that names none.
const defaultRegistry = "docker.io"

// The grammar of names, from
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
// and https://pkg.go.dev/github.com/distribution/reference.
var (
	componentPattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	tagPattern       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	digestPattern    = regexp.MustCompile(`^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$`)
	registryPattern  = regexp.MustCompile(`^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$`)
)

// ParseLine reads one line that is neither blank nor a comment. Its error says
// what is wrong and what would be right; the caller adds where.
func ParseLine(line string, o Options) (Image, error) {
	switch fields := strings.Fields(line); len(fields) {
	case 1:
		return parseWord(fields[0], o)
	case 3:
		return New(fields[0], fields[1], fields[2], o)
	default:
		return Image{}, fmt.Errorf("want SOURCE DESTINATION TAG, or one image such as nginx:1.27; this has %d words", len(fields))
	}
}

// New makes an image of its three parts. The registries and projects that they
// leave out are added.
func New(source, destination, tag string, o Options) (Image, error) {
	s, err := parseRepository(source)
	if err != nil {
		return Image{}, fmt.Errorf("source %s: %w", quote(source), err)
	}
	d, err := parseRepository(destination)
	if err != nil {
		return Image{}, fmt.Errorf("destination %s: %w", quote(destination), err)
	}
	if err := checkTag(tag); err != nil {
		return Image{}, err
	}
	return join(s, d, tag, o)
}

// join makes the image of two repositories where the options put them.
func join(source, destination repository, tag string, o Options) (Image, error) {
	source, destination = source.at(o.Source).full(), destination.at(o.Destination).below(o.DefaultProject)
	for _, r := range []repository{source, destination} {
		if len(r.path) > maxPath {
			return Image{}, fmt.Errorf("repository %s has %d characters, more than %d", quote(r.path), len(r.path), maxPath)
		}
	}
	return Image{Source: source.String(), Destination: destination.String(), Tag: tag}, nil
}

// maxPath is how long a repository's name may be, without its registry.
const maxPath = 255

// parseWord reads Hangar's newer format, [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST],
// which says nothing of the destination but its path. As in every client, the
// digest wins over the tag beside it.
func parseWord(word string, o Options) (Image, error) {
	if o.Destination == "" {
		return Image{}, fmt.Errorf("a line of one image needs the destination's registry: give -d (or DEST_REGISTRY), or write SOURCE DESTINATION TAG")
	}
	r, tag, err := splitReference(word)
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", quote(word), err)
	}
	return join(r, r, tag, o)
}

// splitReference splits [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST].
func splitReference(word string) (r repository, tag string, err error) {
	name, digest, hasDigest := strings.Cut(word, "@")
	tag = "latest"
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name, tag = name[:colon], name[colon+1:]
	}
	if err := checkTag(tag); err != nil {
		return repository{}, "", err
	}
	if hasDigest {
		tag = digest
		if !digestPattern.MatchString(digest) {
			return repository{}, "", errDigest(digest)
		}
	}
	r, err = parseRepository(name)
	return r, tag, err
}

// repository is a name split where its registry ends.
type repository struct {
	registry, path string
	written        string // in the list
}

func parseRepository(name string) (repository, error) {
	if strings.Contains(name, "://") {
		return repository{}, fmt.Errorf("leave out the scheme; for plain HTTP give --tls-verify=false")
	}
	r := repository{defaultRegistry, name, name}
	if first, rest, found := strings.Cut(name, "/"); found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		if err := CheckRegistry(first); err != nil {
			return repository{}, err
		}
		r = repository{first, rest, name}
	}
	if strings.Contains(r.path, "@") || strings.Contains(r.path, ":") {
		return repository{}, errTagged
	}
	if r.path == "" {
		return repository{}, fmt.Errorf("the name is missing")
	}
	for _, component := range strings.Split(r.path, "/") {
		switch {
		case component == "":
			return repository{}, fmt.Errorf("a part between two slashes is empty")
		case component != strings.ToLower(component):
			return repository{}, fmt.Errorf("%s: a repository is written in lower case", quote(component))
		case !componentPattern.MatchString(component):
			return repository{}, fmt.Errorf("%s: a repository has lower-case letters and digits, with single . _ - (or __, --) between them", quote(component))
		}
	}
	return r, nil
}

// errTagged is a tag where only a repository may be.
var errTagged = errors.New("a repository has no tag or digest: that is the third word of the line")

// at moves a repository to another registry, if one is given.
func (r repository) at(registry string) repository {
	if registry != "" {
		r.registry = registry
	}
	return r
}

// full is the name at the source: Docker Hub alone keeps its images of one
// component below library/.
func (r repository) full() repository {
	if r.registry == defaultRegistry {
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

// String is the name with its registry. Where that is what the list has, it is
// no copy: a run keeps all names of its list.
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

// CheckProject says what is wrong with the name of a default project.
func CheckProject(project string) error {
	if project == "" {
		return nil
	}
	if _, err := parseRepository("localhost/" + project); err != nil {
		return fmt.Errorf("project %s: %w", quote(project), err)
	}
	return nil
}

func checkTag(tag string) error {
	if IsDigest(tag) {
		if !digestPattern.MatchString(tag) {
			return errDigest(tag)
		}
		return nil
	}
	if !tagPattern.MatchString(tag) {
		return fmt.Errorf("tag %s: want up to 128 letters, digits, _ . - and neither . nor - first", quote(tag))
	}
	return nil
}

func errDigest(digest string) error {
	return fmt.Errorf("digest %s: want sha256: and 64, or sha512: and 128 hexadecimal digits", quote(digest))
}

// quote shows a word of a list in a message: control characters escaped, so
// that no list can write to a terminal, and not more than a line holds.
func quote(word string) string {
	const most = 100
	if len(word) > most {
		return fmt.Sprintf("%q… (%d bytes)", word[:most], len(word))
	}
	return fmt.Sprintf("%q", word)
}

// Check says what is wrong with the options.
func (o Options) Check() error {
	for _, registry := range []struct{ what, name string }{{"source", o.Source}, {"destination", o.Destination}} {
		if registry.name == "" {
			continue
		}
		if err := CheckRegistry(registry.name); err != nil {
			return fmt.Errorf("%s: %w", registry.what, err)
		}
	}
	return CheckProject(o.DefaultProject)
}
