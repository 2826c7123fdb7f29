package imagelist

import (
	"cmp"
	"strings"
)

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
	if i.Source == "" {
		return ""
	}
	source, _ := i.WrittenTags()
	return Reference(i.Source, source)
}

// DestinationReference returns the destination image as users write it.
func (i Image) DestinationReference() string { return Reference(i.Destination, i.Tag) }

// WrittenLine returns a line of a list that ParseLine reads as this image. Such a
// line stands for an image that a script made.
func (i Image) WrittenLine() string {
	i.Source, i.Destination = writtenName(i.Source), writtenName(i.Destination)
	if i.Source == "" {
		return i.DestinationReference()
	}
	if i.SourceTag == "" {
		return i.Source + " " + i.Destination + " " + i.Tag
	}
	return i.SourceReference() + " " + i.DestinationReference()
}

// writtenName returns the complete name of a repository as a list names it. It is ""
// for the name "".
func writtenName(name string) string {
	registry, path, found := strings.Cut(name, "/")
	if !found {
		return name
	}
	return asWritten(registry) + "/" + path
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

// tagOf returns the TAG of TAG@DIGEST or TAG. It returns "" for a DIGEST.
func tagOf(word string) string {
	if IsDigest(word) {
		return ""
	}
	tag, _ := splitTag(word)
	return tag
}

// digestOrTag returns the digest of TAG@DIGEST, or else the whole word.
func digestOrTag(word string) string {
	tag, digest := splitTag(word)
	return cmp.Or(digest, tag)
}
