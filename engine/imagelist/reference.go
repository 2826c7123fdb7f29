package imagelist

import (
	"errors"
	"fmt"
	"strings"
)

// ParseReference reads one image as users write it outside of lists,
// [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST]. It adds what a list's source may
// leave out; the tag is latest if there is none. If there is a digest, the tag
// beside it is ignored, as in every client. The error says what is wrong.
//
// A word may begin with a registry of the options, even if that does not look
// like a registry. The registries of the options are not added.
func ParseReference(word string, o Options) (repository, tag string, err error) {
	for _, algorithm := range []string{"sha256:", "sha512:"} { // a digest joined as if it were a tag
		if name, digest, ok := strings.Cut(word, ":"+algorithm); ok {
			return "", "", fmt.Errorf("reference %s: a digest follows an @: %s", quote(word), quote(name+"@"+algorithm+digest))
		}
	}
	registry, rest := o.cutRegistry(word)
	r, tag, err := o.splitReference(rest)
	if err != nil {
		return "", "", fmt.Errorf("reference %s: %w", quote(word), err)
	}
	return r.at(registry).full().String(), tag, nil
}

// ParseRepository reads [REGISTRY/][PROJECT/]NAME, with the options of
// ParseReference. The error says what is wrong.
func ParseRepository(word string, o Options) (string, error) {
	registry, rest := o.cutRegistry(word)
	r, err := o.parseRepository(rest)
	if errors.Is(err, errTagged) {
		err = errors.New("a repository has no tag or digest: leave it out")
	}
	if err != nil {
		return "", fmt.Errorf("repository %s: %w", quote(word), err)
	}
	return r.at(registry).full().String(), nil
}

// splitReference splits [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST]. If there is a
// digest, it takes the place of the tag.
func (o Options) splitReference(word string) (r repository, tag string, err error) {
	name, digest, hasDigest := strings.Cut(word, "@")
	tag = "latest"
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name, tag = name[:colon], name[colon+1:]
	}
	if err := checkTag(tag); err != nil {
		return repository{}, "", err
	}
	if hasDigest {
		if err := checkDigest(digest); err != nil {
			return repository{}, "", err
		}
		tag = digest
	}
	r, err = o.parseRepository(name)
	return r, tag, err
}

// cutRegistry splits off a registry of the options, "" if the word begins with
// none of them. The rest gets the registry localhost instead, or its first part
// might be taken for a registry.
func (o Options) cutRegistry(word string) (registry, rest string) {
	for _, registry := range []string{o.Source, o.Destination} {
		if path, ok := strings.CutPrefix(word, registry+"/"); ok && registry != "" {
			return registry, "localhost/" + path
		}
	}
	return "", word
}
