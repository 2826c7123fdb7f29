package imagelist

import (
	"errors"
	"fmt"
	"strings"
)

// One image, or one repository, as users write it where no list is.

// ParseReference reads [REGISTRY/][PROJECT/]NAME[:TAG][@DIGEST]: what a list
// leaves out of a source is added, and the tag is latest if there is none. As
// in every client, the digest wins over the tag beside it. Its error says what
// is wrong.
//
// The registries of the options are known as such, whatever they look like;
// they are not added.
func ParseReference(word string, o Options) (repository, tag string, err error) {
	for _, algorithm := range []string{"sha256:", "sha512:"} { // joined as if it were a tag
		if name, digest, ok := strings.Cut(word, ":"+algorithm); ok {
			return "", "", fmt.Errorf("reference %s: a digest follows an @: %s", quote(word), quote(name+"@"+algorithm+digest))
		}
	}
	registry, path := o.cutRegistry(word)
	r, tag, err := splitReference(path)
	if err != nil {
		return "", "", fmt.Errorf("reference %s: %w", quote(word), err)
	}
	return r.at(registry).full().String(), tag, nil
}

// ParseRepository reads [REGISTRY/][PROJECT/]NAME, with the options of
// ParseReference. Its error says what is wrong.
func ParseRepository(word string, o Options) (string, error) {
	registry, path := o.cutRegistry(word)
	r, err := parseRepository(path)
	if err == errTagged {
		err = errors.New("a repository has no tag or digest: leave it out")
	}
	if err != nil {
		return "", fmt.Errorf("repository %s: %w", quote(word), err)
	}
	return r.at(registry).full().String(), nil
}

// cutRegistry splits off a registry of the options, "" if the name begins with
// none of them: a flag may name one that does not look like one. The rest gets
// one that does, or its first part might be taken for it.
func (o Options) cutRegistry(word string) (registry, path string) {
	for _, registry := range []string{o.Source, o.Destination} {
		if path, ok := strings.CutPrefix(word, registry+"/"); ok && registry != "" {
			return registry, "localhost/" + path
		}
	}
	return "", word
}
