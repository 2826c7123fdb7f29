package param

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
)

// Words is an argument that is a list of strings. A script may also write it as one
// string with commas, like a flag: "amd64,arm64".
type Words []string

// Unpack implements starlark.Unpacker.
func (w *Words) Unpack(v starlark.Value) error {
	if s, ok := starlark.AsString(v); ok {
		*w = nil
		for word := range strings.SplitSeq(s, ",") {
			*w = append(*w, strings.TrimSpace(word))
		}
		return nil
	}
	items, ok := v.(starlark.Iterable)
	if !ok {
		return fmt.Errorf("got %s, want a list of strings, or one string with commas", v.Type())
	}
	*w = nil
	for item := range starlark.Elements(items) {
		s, ok := starlark.AsString(item)
		if !ok {
			return fmt.Errorf("got a %s in the list, want strings only", item.Type())
		}
		*w = append(*w, strings.TrimSpace(s))
	}
	return nil
}

// Strings is an argument that is a list of strings. They may have commas and spaces.
type Strings []string

// Unpack implements starlark.Unpacker.
func (l *Strings) Unpack(v starlark.Value) error {
	items, ok := v.(starlark.Iterable)
	if !ok {
		return fmt.Errorf("got %s, want a list of strings", Describe(v))
	}
	*l = nil
	for item := range starlark.Elements(items) {
		s, ok := starlark.AsString(item)
		if !ok {
			return fmt.Errorf("got %s in the list, want strings only: write \"%s\"", item, item)
		}
		*l = append(*l, s)
	}
	return nil
}

// StringDict is an argument that is a dict whose keys and values are strings.
type StringDict map[string]string

// Unpack implements starlark.Unpacker.
func (d *StringDict) Unpack(v starlark.Value) error {
	dict, ok := v.(*starlark.Dict)
	if !ok {
		return fmt.Errorf("got %s, want a dict of strings", Describe(v))
	}
	*d = StringDict{}
	for _, item := range dict.Items() {
		key, ok := starlark.AsString(item[0])
		value, also := starlark.AsString(item[1])
		if !ok || !also {
			return fmt.Errorf("got %s: %s in the dict, want strings only", item[0], item[1])
		}
		(*d)[key] = value
	}
	return nil
}
