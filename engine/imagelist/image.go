package imagelist

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Image is one image of a mirror list.
type Image struct {
	Source      string // repository at the source, with its registry: docker.io/library/nginx; "" if the line names none
	Destination string // repository at the destination, with its registry
	// Tag is what the line asks for at the destination, as written: TAG, DIGEST or
	// TAG@DIGEST. SourceTag is the same for the source, "" where the source has the
	// same Tag.
	Tag       string
	SourceTag string

	Line       string // the line as the list has it, without the newline
	LineNumber int    // counts all lines from 1; 0 if the image is not from a list
	Number     int    // counts the images from 1, without comments and blank lines; the log shows it as M_ID
	Part       int    // counts from 0 the images of an entry that has several, which share their Number
	List       string // the name of the list, for messages; "" if the image is not from a list
}

// ParseLine reads one line that is neither blank nor a comment, and that has no
// comment at its end. Its error says what is wrong with the line and how to correct it. The error does not say where
// the line stands: the caller adds that.
func ParseLine(line string, o Options) (Image, error) {
	fields := strings.Fields(line)
	if len(fields) == 1 {
		if source, destination, found := strings.Cut(fields[0], "="); found { // as in oc-mirror's mapping.txt
			fields = []string{source, destination}
		}
	}
	switch len(fields) {
	case 1:
		return parseWord(fields[0], o)
	case 2:
		image, err := NewPair(fields[0], fields[1], o)
		if errors.Is(err, ErrNoTag) {
			err = fmt.Errorf("%w: write SOURCE:TAG DESTINATION:TAG, or SOURCE DESTINATION TAG", err)
		}
		return image, err
	case 3:
		image, err := New(fields[0], fields[1], fields[2], o)
		if errors.Is(err, ErrTagged) {
			err = fmt.Errorf("%w: that is the third word of the line", err)
		}
		return image, err
	default:
		return Image{}, fmt.Errorf("want SOURCE DESTINATION TAG, or one image such as nginx:1.27; this has %d words", len(fields))
	}
}

// New makes an image of the three words of a line. It adds registries and projects
// that the words leave out. If the source or the destination has a tag of its own,
// the error is an ErrTagged. If nobody asks the source, that word need be no image.
func New(source, destination, tag string, o Options) (Image, error) {
	s, noSource := parseRepository(source, o)
	if noSource != nil && !o.DestinationOnly {
		return Image{}, fmt.Errorf("source %s: %w", quote(source), noSource)
	}
	d, err := parseRepository(destination, o)
	if err != nil {
		return Image{}, fmt.Errorf("destination %s: %w", quote(destination), err)
	}
	if err := checkTag(tag); err != nil {
		return Image{}, err
	}
	if noSource != nil {
		return alone(tagged{d, tag}, o)
	}
	return join(tagged{s, tag}, tagged{d, tag}, o)
}

// alone makes an image that has only a destination.
func alone(destination tagged, o Options) (Image, error) {
	image, err := join(destination, destination, o)
	image.Source, image.SourceTag = "", ""
	return image, err
}

// NewPair makes an image of the two words of a line, SOURCE[:TAG][@DIGEST] and
// DESTINATION[:TAG][@DIGEST]. A word without a tag and a digest takes the other
// word's tag. It does not take the other word's digest, because a copy may have
// another digest. If a tag is missing then, the error is an ErrNoTag.
func NewPair(source, destination string, o Options) (Image, error) {
	s, d, err := parsePair(source, destination, o)
	if d.tag != "" && err != nil && o.DestinationOnly { // nobody asks the source, so that word need be no image
		return alone(d, o)
	}
	if err != nil {
		return Image{}, err
	}
	sourceTag, destinationTag := s.tag, d.tag
	s.tag, d.tag = cmp.Or(sourceTag, tagOf(destinationTag)), cmp.Or(destinationTag, tagOf(sourceTag))
	switch {
	case s.tag == "" && d.tag == "":
		return Image{}, ErrNoTag
	case s.tag == "":
		return Image{}, fmt.Errorf("source %s: %w", quote(source), ErrNoTag)
	case d.tag == "":
		return Image{}, fmt.Errorf("destination %s: %w", quote(destination), ErrNoTag)
	}
	return join(s, d, o)
}

// parsePair reads the source and the destination of NewPair. Each may begin with
// docker://, as other tools write images.
func parsePair(source, destination string, o Options) (s, d tagged, err error) {
	s, err = parseTagged(strings.TrimPrefix(source, transport), o)
	if err != nil {
		err = fmt.Errorf("source %s: %w", quote(source), err)
	}
	d, wrong := parseTagged(strings.TrimPrefix(destination, transport), o)
	if wrong != nil && err == nil {
		err = fmt.Errorf("destination %s: %w", quote(destination), wrong)
	}
	if wrong != nil {
		d = tagged{}
	}
	return s, d, err
}

// parseWord reads a line of Hangar's newer format, which is one reference. The
// destination has the same path, at the registry of the options. Without such a
// registry the reference is the destination itself, if no source is needed.
func parseWord(word string, o Options) (Image, error) {
	if o.Destination == "" && !o.DestinationOnly && !o.OwnDestination {
		return Image{}, errNoDestination(o.Hints)
	}
	t, err := parseTagged(word, o)
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", quote(word), err)
	}
	t.tag = cmp.Or(t.tag, defaultTag)
	own := tagged{t.full(), t.tag}
	switch {
	case o.Destination != "":
		return join(t, t, o)
	case o.DestinationOnly:
		return alone(own, Options{})
	}
	t.repository = t.asSource(o)
	return join(t, own, Options{})
}

func errNoDestination(hints Hints) error {
	const problem = "a line of one image needs the destination's registry"
	if hints.Destination == "" {
		return errors.New(problem + ": write SOURCE DESTINATION TAG")
	}
	return fmt.Errorf("%s: give %s, or write SOURCE DESTINATION TAG", problem, hints.Destination)
}

// join makes an image of two repositories with their tags. It applies the
// registries and the project of the options.
func join(source, destination tagged, o Options) (Image, error) {
	source.repository, destination.repository = source.asSource(o), destination.asDestination(o)
	for _, r := range []tagged{source, destination} {
		if len(r.path) > maxPath {
			return Image{}, fmt.Errorf("repository %s has %d characters, more than %d", quote(r.path), len(r.path), maxPath)
		}
	}
	image := Image{Source: source.String(), Destination: destination.String(), Tag: destination.tag}
	if source.tag != destination.tag {
		image.SourceTag = source.tag
	}
	return image, nil
}

// parseBeside reads a word that takes the place of another one. The word may begin with
// the registry of that one, even if the registry does not look like one, such as
// "mirror".
func parseBeside(word, registry string, o Options) (tagged, error) {
	path, isThere := strings.CutPrefix(word, registry+"/")
	if !isThere || looksLikeRegistry(registry) {
		return parseTagged(word, o)
	}
	t, err := parseTagged(asWritten(registry)+"/"+path, o)
	t.registry = registry
	return t, err
}

// Replace returns an image of the same line that is looked up elsewhere. What is ""
// stays as it is. If tag is "", source and destination may have tags of their own.
// Otherwise the tag is for both sides, and the error may be an ErrTagged.
func (i Image) Replace(source, destination, tag string, o Options) (Image, error) {
	sourceTag, destinationTag := i.WrittenTags()
	s, d := splitName(i.Source, sourceTag), splitName(i.Destination, destinationTag)
	if tag != "" {
		if err := checkTag(tag); err != nil {
			return Image{}, err
		}
		s.tag, d.tag = tag, tag
	}
	for _, side := range []struct {
		name, word string
		tagged     *tagged
	}{{"source", source, &s}, {"destination", destination, &d}} {
		if side.word == "" {
			continue
		}
		t, err := parseBeside(strings.TrimPrefix(side.word, transport), side.tagged.registry, o)
		if err == nil && t.tag != "" && tag != "" {
			err = ErrTagged
		}
		if err != nil {
			return Image{}, fmt.Errorf("%s %s: %w", side.name, quote(side.word), err)
		}
		t.tag = cmp.Or(t.tag, side.tagged.tag)
		*side.tagged = t
	}
	replaced, err := join(s, d, o)
	if err != nil {
		return Image{}, err
	}
	i.Source, i.Destination, i.Tag, i.SourceTag = replaced.Source, replaced.Destination, replaced.Tag, replaced.SourceTag
	return i, nil
}
