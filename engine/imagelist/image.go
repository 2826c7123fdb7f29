package imagelist

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Image is one image of a mirror list.
type Image struct {
	Source      string // repository at the source, with its registry: docker.io/library/nginx
	Destination string // repository at the destination, with its registry
	// Tag is what the line asks for at the destination, as written: TAG, DIGEST or
	// TAG@DIGEST. SourceTag is the same for the source, "" where the source has the
	// same Tag.
	Tag       string
	SourceTag string

	Line       string // the line as the list has it, without the newline
	LineNumber int    // counts all lines from 1; 0 if the image is not from a list
	Number     int    // counts the images from 1, without comments and blank lines; the log shows it as M_ID
	List       string // the name of the list, for messages; "" if the image is not from a list
}

// WrittenTags returns what the line asks for on each side, as written: TAG, DIGEST
// or TAG@DIGEST.
func (i Image) WrittenTags() (source, destination string) { return cmp.Or(i.SourceTag, i.Tag), i.Tag }

// SourceLookup returns the tag or digest that the source is asked for. If the line
// has both, this is the digest, because the tag may have moved to another image.
func (i Image) SourceLookup() string {
	source, _ := i.WrittenTags()
	return digestOrTag(source)
}

// DestinationLookup returns the tag that the destination is asked for, or the
// digest if the line has no tag.
func (i Image) DestinationLookup() string {
	tag, _ := splitTag(i.Tag)
	return tag
}

// SourceName returns the tag of the source, or its digest if the line has no tag.
func (i Image) SourceName() string {
	source, _ := i.WrittenTags()
	tag, _ := splitTag(source)
	return tag
}

// Digest returns the digest that the destination must have beside the tag. It is
// "" if the line has no digest, or has a digest and no tag.
func (i Image) Digest() string {
	_, digest := splitTag(i.Tag)
	return digest
}

// SourceReference returns the source image as users write it.
func (i Image) SourceReference() string {
	source, _ := i.WrittenTags()
	return Reference(i.Source, source)
}

// DestinationReference returns the destination image as users write it.
func (i Image) DestinationReference() string { return Reference(i.Destination, i.Tag) }

// WrittenLine returns a line of a list that ParseLine reads as this image. Such a
// line stands for an image that a script made.
func (i Image) WrittenLine() string {
	if i.SourceTag == "" {
		return i.Source + " " + i.Destination + " " + i.Tag
	}
	return i.SourceReference() + " " + i.DestinationReference()
}

// Reference joins a repository and a TAG, a DIGEST or TAG@DIGEST.
func Reference(repository, tag string) string {
	if IsDigest(tag) {
		return repository + "@" + tag
	}
	return repository + ":" + tag
}

// IsDigest reports whether a tag field holds a digest and no tag. A tag cannot
// have a colon.
func IsDigest(tag string) bool { return strings.Contains(tag, ":") && !strings.Contains(tag, "@") }

// splitTag splits TAG@DIGEST. For a TAG or a DIGEST alone, it returns this word and
// no digest.
func splitTag(word string) (tag, digest string) {
	tag, digest, _ = strings.Cut(word, "@")
	return tag, digest
}

// digestOrTag returns the digest of TAG@DIGEST, or else the whole word.
func digestOrTag(word string) string {
	tag, digest := splitTag(word)
	return cmp.Or(digest, tag)
}

// ParseLine reads one line that is neither blank nor a comment. Its error says
// what is wrong with the line and how to correct it. The error does not say where
// the line stands: the caller adds that.
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

// New makes an image of the three words of a line. It adds registries and projects
// that the words leave out.
func New(source, destination, tag string, o Options) (Image, error) {
	s, err := o.parseRepository(source)
	if err != nil {
		return Image{}, fmt.Errorf("source %s: %w", quote(source), err)
	}
	d, err := o.parseRepository(destination)
	if err != nil {
		return Image{}, fmt.Errorf("destination %s: %w", quote(destination), err)
	}
	if err := checkTag(tag); err != nil {
		return Image{}, err
	}
	return join(s, d, tag, o)
}

// join makes an image of two repositories. It applies the registries and the
// project of the options.
func join(source, destination repository, tag string, o Options) (Image, error) {
	source, destination = source.at(o.Source).full(), destination.at(o.Destination).below(o.DefaultProject)
	for _, r := range []repository{source, destination} {
		if len(r.path) > maxPath {
			return Image{}, fmt.Errorf("repository %s has %d characters, more than %d", quote(r.path), len(r.path), maxPath)
		}
	}
	return Image{Source: source.String(), Destination: destination.String(), Tag: tag}, nil
}

// parseWord reads a line of Hangar's newer format, which is one reference. The
// destination has the same path, at the registry of the options.
func parseWord(word string, o Options) (Image, error) {
	if o.Destination == "" {
		return Image{}, errNoDestination(o.Hints)
	}
	r, tag, err := o.splitReference(word)
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", quote(word), err)
	}
	return join(r, r, tag, o)
}

func errNoDestination(hints Hints) error {
	const problem = "a line of one image needs the destination's registry"
	if hints.Destination == "" {
		return errors.New(problem + ": write SOURCE DESTINATION TAG")
	}
	return fmt.Errorf("%s: give %s, or write SOURCE DESTINATION TAG", problem, hints.Destination)
}
