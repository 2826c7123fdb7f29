package imagelist

import (
	"errors"
	"fmt"
	"strings"
)

// ParseReference reads one image as users write it outside of lists,
// [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST]. It adds the registry and the project
// if they are missing, as for the source of a list's line. A missing tag is
// latest. If there is a digest, the tag is ignored, as other clients do.
//
// A word may begin with a registry of the options, even if that does not look
// like a registry, such as "mirror". The registries of the options are not added.
func ParseReference(word string, o Options) (repository, tag string, err error) {
	for _, algorithm := range []string{"sha256:", "sha512:"} { // a digest after ":" in place of "@"
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

// ParseRepository reads [REGISTRY/][PROJECT/]NAME. It uses the options as
// ParseReference does.
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

// splitReference splits [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST]. The returned tag
// is the digest, if there is one.
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

// cutRegistry splits off a registry of the options. It returns "" if the word
// begins with none of them. The rest gets the registry localhost instead, so that
// its first part is not taken for a registry.
func (o Options) cutRegistry(word string) (registry, rest string) {
	for _, registry := range []string{o.Source, o.Destination} {
		if path, ok := strings.CutPrefix(word, registry+"/"); ok && registry != "" {
			return registry, "localhost/" + path
		}
	}
	return "", word
}
