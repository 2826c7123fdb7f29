package formats

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"mvrun/engine/imagelist"
)

// This file reads images.yaml of AliyunContainerService's image-syncer.
// https://github.com/AliyunContainerService/image-syncer

// isImageSyncer reports whether every key of a file is an image, and every value one
// image or several.
func isImageSyncer(first *yaml.Node) bool {
	if first.Kind != yaml.MappingNode || len(first.Content) == 0 {
		return false
	}
	for i, n := range first.Content {
		words, err := texts(target(n))
		if err != nil || len(words) == 0 || i%2 == 0 && n.Kind != yaml.ScalarNode {
			return false
		}
		for _, word := range words {
			if !strings.Contains(word, "/") || strings.Contains(word, " ") {
				return false
			}
		}
	}
	return true
}

func readImageSyncer(f *found, ds documents) error {
	isMapping := func(root *yaml.Node) bool { return root.Kind == yaml.MappingNode }
	root, err := only(ds, isMapping, "images.yaml of image-syncer, with a source in each key and its destinations in the value")
	if err != nil {
		return err
	}
	content := root.Content
	for i := 0; i+1 < len(content); i += 2 {
		source, value := content[i], target(content[i+1])
		destinations, err := texts(value)
		if err == nil && len(destinations) == 0 {
			err = errors.New("the image has no destination")
		}
		if err != nil {
			f.add(imagelist.Entry{LineNumber: source.Line, Source: text(source), Err: err})
		}
		for _, destination := range destinations {
			f.add(syncerEntry(source.Line, text(source), destination))
		}
	}
	return nil
}

// syncerEntry makes an entry of a source, whose tags may be a list or a regular
// expression between slashes, and one of its destinations.
func syncerEntry(line int, source, destination string) imagelist.Entry {
	entry := imagelist.Entry{LineNumber: line, Source: source, Destination: destination}
	if source == "" || destination == "" {
		entry.Err = errors.New("want a source and its destinations")
		return entry
	}
	if name, expression, ok := strings.Cut(source, ":/"); ok {
		entry.Source = name
		word, closed := strings.CutSuffix(expression, "/")
		f := &filter{}
		switch entry.Err = f.addPattern(&f.allow, "pattern", word, word); {
		case entry.Err != nil:
		case !closed:
			entry.Err = fmt.Errorf("the regular expression of %q has no slash at its end", source)
		case isTagged(destination):
			entry.Err = fmt.Errorf("destination %q has a tag, although the source has many", destination)
		default:
			entry.Choose = choose([]*filter{f})
		}
		return entry
	}
	if !isTagged(source) {
		if isTagged(destination) {
			entry.Err = fmt.Errorf("destination %q has a tag, although all tags of the source are copied", destination)
		} else {
			entry.Choose = choose(nil)
		}
		return entry
	}
	at := strings.LastIndexAny(source, ":@")
	if digest := strings.IndexByte(source, '@'); digest >= 0 {
		at = digest
	}
	tags := strings.Split(source[at+1:], ",")
	switch {
	case len(tags) > 1 && isTagged(destination):
		entry.Err = fmt.Errorf("destination %q has a tag, although the source has several", destination)
	case !isTagged(destination): // it gets the tags of the source
		entry.Source, entry.Tags = source[:at], tags
	}
	return entry
}
