package formats

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"mvrun/engine/imagelist"
)

// This file reads regsync.yml, the configuration of regclient's regsync.
// https://regclient.org/usage/regsync/

// isRegsync reports whether a file has the entries of regsync.
func isRegsync(first *yaml.Node) bool {
	entries := field(first, "sync")
	if entries == nil || entries.Kind != yaml.SequenceNode {
		return false
	}
	for _, e := range entries.Content {
		if field(e, "source") != nil && field(e, "target") != nil {
			return true
		}
	}
	return false
}

// regsyncEntry has the fields of an entry that say which images are copied.
type regsyncEntry struct {
	Source, Target, Type string

	Tags    regsyncFilter
	TagSets []regsyncFilter `yaml:"tagSets"`
}

type regsyncFilter struct {
	Allow, Deny []string
	SemverRange []string `yaml:"semverRange"`
}

// regsyncEffects are fields of entries, and of the defaults, that change what is copied.
var regsyncEffects = []struct{ field, effect string }{
	{"platform", "regsync copies this platform alone; the architectures and systems of the run decide which ones are compared"},
	{"platforms", "regsync copies these platforms alone; the architectures and systems of the run decide which ones are compared"},
	{"mediaTypes", "regsync copies no image of another media type, and such an image fails here"},
	{"digestTags", "whether signatures under sha256-… tags were copied is not checked"},
	{"referrers", "whether referrers were copied is checked only if the run checks referrers"},
	{"referrerTarget", "referrers are looked for beside the image"},
}

func readRegsync(f *found, ds documents) error {
	hasEntries := func(root *yaml.Node) bool {
		entries := field(root, "sync")
		return entries != nil && entries.Kind == yaml.SequenceNode
	}
	root, err := only(ds, hasEntries, "regsync.yml with its entries under the key sync")
	if err != nil {
		return err
	}
	entries := field(root, "sync")
	if creds := field(root, "creds"); creds != nil && len(creds.Content) > 0 {
		f.ignore(creds.Line, "creds", "logins come from the Docker configuration, the environment, or registry() in a script, and so do settings for TLS")
	}
	f.ignoreFields(field(root, "defaults"))
	patterns := 0
	for _, node := range entries.Content {
		var e regsyncEntry
		entry := imagelist.Entry{LineNumber: node.Line}
		if err := node.Decode(&e); err != nil {
			place := placed(err)
			entry.Source, entry.Err = text(field(node, "source")), place.Err
			f.add(entry)
			continue
		}
		f.ignoreFields(node)
		if patterns += e.countPatterns(); patterns > maxPatterns {
			return &imagelist.PlaceError{LineNumber: node.Line, Err: fmt.Errorf("there are more than %d patterns in the file", maxPatterns)}
		}
		e.complete(&entry)
		f.add(entry)
	}
	return nil
}

// maxPatterns is how many patterns a file may have. A small file can have any number,
// because an anchor of YAML repeats what stands elsewhere.
const maxPatterns = 100_000

func (e *regsyncEntry) countPatterns() int {
	n := 0
	for _, set := range append(e.TagSets, e.Tags) {
		n += 1 + len(set.Allow) + len(set.Deny) + len(set.SemverRange)
	}
	return n
}

// ignoreFields notes the fields of an entry, or of the defaults, that are not read.
func (f *found) ignoreFields(n *yaml.Node) {
	for _, e := range regsyncEffects {
		if value := field(n, e.field); isTrue(value) {
			f.ignore(value.Line, e.field, e.effect)
		}
	}
}

// complete fills in which images the entry copies.
func (e *regsyncEntry) complete(entry *imagelist.Entry) {
	entry.Source, entry.Destination = e.Source, e.Target
	if entry.Err = e.check(); entry.Err != nil {
		return
	}
	if e.Type == "repository" && (isTagged(e.Source) || isTagged(e.Target)) {
		entry.Err = errors.New("an entry of type repository has no tag or digest in its source and target: choose tags under the key tags")
		return
	}
	if e.Type == "image" {
		entry.Source, entry.Destination = withLatest(e.Source), withLatest(e.Target)
		return
	}
	var filters []*filter
	for _, set := range append(e.TagSets, e.Tags) {
		filter, err := set.filter()
		if err != nil {
			entry.Err = err
			return
		}
		if len(filter.words) > 0 {
			filters = append(filters, filter)
		}
	}
	entry.Choose = choose(filters)
}

// check returns an error if the entry is none of images.
func (e *regsyncEntry) check() error {
	for _, side := range []struct{ name, word string }{{"source", e.Source}, {"target", e.Target}} {
		switch {
		case side.word == "":
			return fmt.Errorf("the entry has no %s", side.name)
		case strings.Contains(side.word, "{{"):
			return fmt.Errorf("%s %q is a template: a list may read neither the environment nor files, so write the value", side.name, side.word)
		case strings.HasPrefix(side.word, "ocidir://"):
			return fmt.Errorf("%s %q is a folder, and mvrun compares registries", side.name, side.word)
		}
	}
	switch e.Type {
	case "image", "repository":
		return nil
	case "registry":
		return errors.New("an entry of type registry copies all repositories of a registry, which mvrun does not list: write an entry of type repository for each")
	}
	return fmt.Errorf("type %q: want image or repository", e.Type)
}

// filter returns the filter of a set of tags. regsync puts each pattern between ^ and $,
// and that is what counts for a pattern such as a|b.
func (s regsyncFilter) filter() (*filter, error) {
	f := &filter{}
	var errs []error
	for _, word := range s.SemverRange {
		errs = append(errs, f.addRange(word, regsyncRange))
	}
	for _, word := range s.Allow {
		errs = append(errs, f.addPattern(&f.allow, "allow", "^"+word+"$", word))
	}
	for _, word := range s.Deny {
		errs = append(errs, f.addPattern(&f.deny, "deny", "^"+word+"$", word))
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

func regsyncRange(word string) (func(tag string) bool, error) {
	r, err := parseRange(word)
	return r.has, err
}

// withLatest returns an image with the tag latest if it has neither a tag nor a digest,
// which is what regsync makes of such a name.
func withLatest(word string) string {
	if isTagged(word) {
		return word
	}
	return word + ":latest"
}

// isTagged reports whether a name has a tag or digest.
func isTagged(word string) bool {
	return strings.ContainsAny(word[strings.LastIndexByte(word, '/')+1:], ":@")
}
