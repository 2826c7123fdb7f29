package formats

import (
	"cmp"
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"mvrun/engine/imagelist"
)

// This file reads manifests of hauler, whose "store copy registry://HOST" copies an image
// to the same path. https://docs.hauler.dev

const haulerGroup = "content.hauler.cattle.io/"

// isHauler reports whether a document is a manifest of hauler.
func isHauler(d *yaml.Node) bool {
	return strings.HasPrefix(text(field(d, "apiVersion")), haulerGroup)
}

// haulerEffects are fields of images, and annotations of all images, that change what
// hauler copies.
var haulerEffects = []struct{ field, effect string }{
	{"platform", "hauler copies this platform alone; the architectures and systems of the run decide which ones are compared"},
	{"key", "whether the image is signed is not checked"},
}

func readHauler(f *found, ds documents) error {
	for d, err := range ds {
		if err != nil {
			return err
		}
		if kind := text(field(d, "kind")); !isHauler(d) || kind != "Images" {
			f.ignore(d.Line, "a document of kind "+cmp.Or(kind, "none"), "it has no images that are named one by one; whether its content was mirrored is not checked")
			continue
		}
		annotations := field(field(d, "metadata"), "annotations")
		for _, e := range haulerEffects {
			f.ignoreField(annotations, "hauler.dev/"+e.field, e.effect)
		}
		f.ignoreField(annotations, "hauler.dev/rewrite", "images are looked for without this prefix")
		images := field(field(d, "spec"), "images")
		if images == nil || images.Kind != yaml.SequenceNode {
			return &imagelist.PlaceError{LineNumber: d.Line, Err: errors.New("a manifest of kind Images has its images under spec.images, and there are none")}
		}
		for _, image := range images.Content {
			f.add(f.haulerEntry(target(image), text(field(annotations, "hauler.dev/registry"))))
		}
	}
	return nil
}

// ignoreField notes a field that is there and not read.
func (f *found) ignoreField(n *yaml.Node, name, effect string) {
	if value := field(n, name); isTrue(value) && text(value) != "" {
		f.ignore(value.Line, name, effect)
	}
}

// haulerEntry makes an entry of an image. registry is where images are that name none.
// hauler gives an image with a rewrite that name at the destination, and the tag of the
// source if the rewrite has none.
func (f *found) haulerEntry(image *yaml.Node, registry string) imagelist.Entry {
	for _, e := range haulerEffects {
		f.ignoreField(image, e.field, e.effect)
	}
	entry := imagelist.Entry{LineNumber: image.Line, Source: text(field(image, "name"))}
	if entry.Source == "" {
		entry.Err = errors.New("the image has no name")
		return entry
	}
	if rewrite := text(field(image, "rewrite")); rewrite != "" {
		f.BelowDestination = true
		entry.Source, entry.Destination = withLatest(entry.Source), strings.TrimPrefix(rewrite, "/")
	}
	if first, _, found := strings.Cut(entry.Source, "/"); registry != "" && !(found && strings.ContainsAny(first, ".:")) {
		entry.Source = registry + "/" + entry.Source
	}
	return entry
}
