package formats

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"

	"mvrun/engine/imagelist"
)

// This file reads the YAML of "skopeo sync --src yaml".
// https://github.com/containers/skopeo/blob/main/docs/skopeo-sync.1.md

// skopeoImages are the keys of a registry under which its images are.
var skopeoImages = []string{"images", "images-by-tag-regex", "images-by-semver"}

// isSkopeo reports whether a file has registries with images, and nothing else.
func isSkopeo(first *yaml.Node) bool {
	if first.Kind != yaml.MappingNode || len(first.Content) == 0 {
		return false
	}
	for i := 0; i+1 < len(first.Content); i += 2 {
		registry := first.Content[i+1]
		if !slices.ContainsFunc(skopeoImages, func(key string) bool {
			images := field(registry, key)
			return images != nil && images.Kind == yaml.MappingNode
		}) {
			return false
		}
	}
	return true
}

// skopeoSettings are keys of a registry that say how skopeo asks it.
var skopeoSettings = []struct{ key, effect string }{
	{"credentials", "logins come from the Docker configuration, the environment, or registry() in a script"},
	{"tls-verify", "settings for TLS are those of the run, or of registry() in a script"},
	{"cert-dir", "certificates come from the folders certs.d, or from registry() in a script"},
}

func readSkopeo(f *found, ds documents) error {
	root, err := only(ds, isSkopeo, "the YAML of skopeo sync, of registries that have their images under "+strings.Join(skopeoImages, ", "))
	if err != nil {
		return err
	}
	// skopeo joins the destination of its command line and the last part of a name,
	// unless --scoped is given.
	f.BelowDestination = true
	f.Warnings = append(f.Warnings, imagelist.Warning{LineNumber: root.Line,
		Message: "an image is looked for as skopeo sync copies it without --scoped: the last part of its name, at the destination"})
	for i := 0; i+1 < len(root.Content); i += 2 {
		host, registry := text(root.Content[i]), target(root.Content[i+1])
		for _, setting := range skopeoSettings {
			if value := field(registry, setting.key); value != nil {
				f.ignore(value.Line, setting.key, setting.effect)
			}
		}
		for _, key := range skopeoImages {
			if err := f.addRepositories(host, key, field(registry, key)); err != nil {
				return err
			}
		}
	}
	return nil
}

// addRepositories adds the repositories below one of the keys of a registry.
func (f *found) addRepositories(host, key string, repositories *yaml.Node) error {
	if repositories == nil {
		return nil
	}
	if repositories.Kind != yaml.MappingNode {
		return &imagelist.PlaceError{LineNumber: repositories.Line, Err: fmt.Errorf("%s has repositories as its keys", key)}
	}
	for i := 0; i+1 < len(repositories.Content); i += 2 {
		name, value := repositories.Content[i], target(repositories.Content[i+1])
		word := text(name)
		entry := imagelist.Entry{LineNumber: name.Line, Source: host + "/" + word, Destination: word[strings.LastIndexByte(word, '/')+1:]}
		words, err := texts(value)
		switch {
		case err != nil:
			entry.Err = err
		case entry.Destination == "":
			entry.Err = fmt.Errorf("%q is no repository", word)
		case isTagged(word):
			entry.Err = fmt.Errorf("%q: the tags of a repository are its value", word)
		case key == "images" && len(words) == 0:
			entry.Choose = choose(nil)
		case key == "images":
			entry.Tags = words
		default:
			entry.Choose, entry.Err = skopeoFilter(key, words)
		}
		f.add(entry)
	}
	return nil
}

// skopeoFilter returns the choice of a repository below images-by-tag-regex or
// images-by-semver. A pattern may match any part of a tag. Of several ranges of versions
// one has to hold.
func skopeoFilter(key string, words []string) (func(tags []string) ([]string, error), error) {
	f := &filter{}
	if len(words) == 0 {
		return nil, fmt.Errorf("%s has no value for the repository", key)
	}
	for _, word := range words {
		var err error
		if key == "images-by-semver" {
			err = f.addRange(word, skopeoRange)
		} else {
			err = f.addPattern(&f.allow, "pattern", word, word)
		}
		if err != nil {
			return nil, err
		}
	}
	return choose([]*filter{f}), nil
}

func skopeoRange(word string) (func(tag string) bool, error) {
	versions, err := semver.NewConstraint(word)
	if err != nil {
		return nil, err
	}
	return func(tag string) bool {
		version, err := semver.NewVersion(tag)
		return err == nil && versions.Check(version)
	}, nil
}

// texts returns the text of a scalar, or those of a sequence.
func texts(n *yaml.Node) ([]string, error) {
	switch {
	case n == nil || n.Tag == "!!null":
		return nil, nil
	case n.Kind == yaml.ScalarNode:
		return []string{n.Value}, nil
	case n.Kind != yaml.SequenceNode:
		return nil, fmt.Errorf("the value in line %d is neither a text nor a list of texts", n.Line)
	}
	words := make([]string, len(n.Content))
	for i, item := range n.Content {
		if words[i] = text(target(item)); words[i] == "" {
			return nil, fmt.Errorf("the list in line %d has something that is no text", n.Line)
		}
	}
	return words, nil
}
