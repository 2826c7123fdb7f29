package imagelist

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// defaultTag is the tag of a single reference that has neither a tag nor a digest.
const defaultTag = "latest"

// transport is how other tools begin the name of an image in a registry.
const transport = "docker://"

// ParseReference reads one image as users write it outside of lists,
// [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST]. It adds the registry and the project
// if they are missing, as for the source of a list's line. A missing tag is
// latest. If there is a digest, the tag is ignored, as other clients do.
//
// A word may begin with a registry of the options, even if that does not look
// like a registry, such as "mirror". The registries of the options are not added.
func ParseReference(word string, o Options) (repository, tag string, err error) {
	if err := checkDigestSign(word); err != nil {
		return "", "", fmt.Errorf("reference %s: %w", quote(word), err)
	}
	registry, rest := o.cutRegistry(word)
	t, err := parseTagged(rest, o)
	if err != nil {
		return "", "", fmt.Errorf("reference %s: %w", quote(word), err)
	}
	return t.at(registry).full().String(), digestOrTag(cmp.Or(t.tag, defaultTag)), nil
}

// ParseRepository reads [REGISTRY/][PROJECT/]NAME. It uses the options as
// ParseReference does.
func ParseRepository(word string, o Options) (string, error) {
	registry, rest := o.cutRegistry(word)
	r, err := parseRepository(rest, o)
	if errors.Is(err, ErrTagged) {
		err = fmt.Errorf("%w: leave it out", err)
	}
	if err != nil {
		return "", fmt.Errorf("repository %s: %w", quote(word), err)
	}
	return r.at(registry).full().String(), nil
}

// tagged is a repository with what stands behind its name: TAG, DIGEST, TAG@DIGEST
// or "".
type tagged struct {
	repository
	tag string
}

// parseTagged reads [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST].
func parseTagged(word string, o Options) (t tagged, err error) {
	if err := checkDigestSign(word); err != nil {
		return tagged{}, err
	}
	name, digest, hasDigest := strings.Cut(word, "@")
	colon := strings.LastIndexByte(name, ':')
	hasTag := colon > strings.LastIndexByte(name, '/')
	if hasTag {
		name, t.tag = word[:colon], word[colon+1:]
	} else {
		t.tag = digest
	}
	switch {
	case hasTag:
		err = checkTag(t.tag)
	case hasDigest:
		err = checkDigest(t.tag)
	}
	if err != nil {
		return tagged{}, err
	}
	t.repository, err = parseRepository(name, o)
	if errors.Is(err, ErrTagged) {
		err = errors.New("there are two tags: want NAME:TAG, NAME@DIGEST or NAME:TAG@DIGEST")
	}
	return t, err
}

// checkDigestSign returns an error if a word has a digest after ":" in place of "@".
func checkDigestSign(word string) error {
	for _, algorithm := range []string{"sha256:", "sha512:"} {
		if name, digest, ok := strings.Cut(word, ":"+algorithm); ok {
			return fmt.Errorf("a digest follows an @: %s", quote(name+"@"+algorithm+digest))
		}
	}
	return nil
}

// cutRegistry splits off a registry of the options. It returns "" if the word
// begins with none of them. The rest gets the registry localhost instead, so that
// its first part is not taken for a registry.
func (o Options) cutRegistry(word string) (registry, rest string) {
	for _, place := range []string{o.Source, o.Destination} {
		registry, _ := splitPlace(place)
		if first, path, found := strings.Cut(word, "/"); found && registry != "" && CanonicalRegistry(first) == registry {
			return registry, "localhost/" + path
		}
	}
	return "", word
}
