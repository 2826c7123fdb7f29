package imagelist

import (
	"errors"
	"fmt"
	"strings"
)

// Image is one image of a mirror list.
type Image struct {
	Source      string // repository at the source, with its registry: docker.io/library/nginx; "" if the line names none
	Destination string // repository at the destination, with its registry
	Tag         string // a tag, or a digest

	Line       string // the line as the list has it, without the newline
	LineNumber int    // counts all lines from 1; 0 if the image is not from a list
	Number     int    // counts the images from 1, without comments and blank lines; the log shows it as M_ID
	List       string // the name of the list, for messages; "" if the image is not from a list
}

// SourceReference returns the source image as users write it, or "" if the line
// names no source.
func (i Image) SourceReference() string {
	if i.Source == "" {
		return ""
	}
	return Reference(i.Source, i.Tag)
}

// DestinationReference returns the destination image as users write it.
func (i Image) DestinationReference() string { return Reference(i.Destination, i.Tag) }

// Reference joins a repository and a tag or digest.
func Reference(repository, tag string) string {
	if IsDigest(tag) {
		return repository + "@" + tag
	}
	return repository + ":" + tag
}

// IsDigest reports whether a tag field holds a digest. A tag cannot have a
// colon.
func IsDigest(tag string) bool { return strings.Contains(tag, ":") }

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
// that the words leave out. If nobody asks the source, that word need be no image.
func New(source, destination, tag string, o Options) (Image, error) {
	s, noSource := o.parseRepository(source)
	if noSource != nil && !o.DestinationOnly {
		return Image{}, fmt.Errorf("source %s: %w", quote(source), noSource)
	}
	d, err := o.parseRepository(destination)
	if err != nil {
		return Image{}, fmt.Errorf("destination %s: %w", quote(destination), err)
	}
	if err := checkTag(tag); err != nil {
		return Image{}, err
	}
	image, err := join(s, d, tag, o)
	if noSource != nil {
		image.Source = ""
	}
	return image, err
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
// destination has the same path, at the registry of the options. Without such a
// registry the reference is the destination itself, if no source is needed.
func parseWord(word string, o Options) (Image, error) {
	if o.Destination == "" && !o.DestinationOnly {
		return Image{}, errNoDestination(o.Hints)
	}
	r, tag, err := o.splitReference(word)
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", quote(word), err)
	}
	if o.Destination == "" {
		image, err := join(r, r.full(), tag, Options{})
		image.Source = ""
		return image, err
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
