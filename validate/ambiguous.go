package validate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// fields are the fields of an object in a JSON document, by their names. They are
// those that package encoding/json reads into a struct. Nodes read manifests and
// configs with the same package, which matches these names without regard to case.
type fields map[string]field

// field is a field of an object. inside are the fields of its value, if that is an
// object or a list of objects.
type field struct {
	name   string
	inside fields
}

// fieldsOf returns the fields of structs. The fields of an embedded struct are among
// them.
func fieldsOf(types ...reflect.Type) fields {
	all := fields{}
	for _, t := range types {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			continue
		}
		for f := range t.Fields() {
			if f.Anonymous {
				maps.Copy(all, fieldsOf(f.Type))
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			name = cmp.Or(name, f.Name)
			all[name] = field{name, fieldsOf(f.Type)}
		}
	}
	return all
}

// find returns the field that a key stands for. Any other key, such as the name of a
// label, stands for itself.
func (all fields) find(key string) field {
	if f, ok := all[key]; ok {
		return f
	}
	for _, f := range all {
		if strings.EqualFold(f.name, key) {
			return f
		}
	}
	return field{name: key}
}

// maxNesting is how deep objects and lists in a document may lie in each other. The
// deepest ones of manifests and configs lie about six levels deep. Parsers give up at
// different depths, the first ones at 128.
const maxNesting = 100

// checkUnambiguous returns an error if two parsers could read a JSON document in two
// ways. For example, a manifest has its layers twice. mvrun reads the second ones, as
// nodes do, and a registry that keeps the first ones alone deletes the others as
// garbage. Also, no text is defined for bytes that are not UTF-8.
//
// Such a document is an error on both sides, also at the destination. Nothing is
// proved to be wrong there: the nodes of today read what mvrun reads. But whatever
// mvrun compares, it says nothing about other clients and the registry.
//
// body must be a JSON document, which json.Unmarshal has read into a struct with these
// fields.
func checkUnambiguous(body []byte, top fields) error {
	if !utf8.Valid(body) {
		return errors.New("it is not in UTF-8")
	}
	text := string(body)
	s := keyScanner{open: make([]openValue, 0, 8), keys: make([]string, 0, 32), next: top} // room for the usual document
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if len(s.open) == maxNesting {
				return fmt.Errorf("it is nested more than %d levels deep", maxNesting)
			}
			s.enter(text[i] == '{')
		case '}', ']':
			if err := s.leave(); err != nil {
				return err
			}
		case ',':
			s.separate()
		case '"':
			end := endOfString(text, i)
			if s.isKey {
				s.addKey(text[i:end])
			}
			i = end - 1
		}
	}
	return nil
}

// keyScanner looks at the keys of a JSON document.
type keyScanner struct {
	open  []openValue // the objects and lists around the current place, the outermost first
	keys  []string    // the keys of these objects so far
	next  fields      // the fields of the value that comes next
	isKey bool        // whether a string that comes next is a key
}

// openValue is an object or a list that has begun and not ended.
type openValue struct {
	isObject bool
	fields   fields // of the object, or of the objects in the list
	keys     int    // how many keys the objects around this one have
}

func (s *keyScanner) enter(isObject bool) {
	s.open = append(s.open, openValue{isObject, s.next, len(s.keys)})
	s.isKey = isObject
}

// separate handles a comma.
func (s *keyScanner) separate() {
	inner := s.open[len(s.open)-1]
	s.isKey, s.next = inner.isObject, inner.fields
}

// addKey adds a key, which is a string in JSON.
func (s *keyScanner) addKey(quoted string) {
	key := quoted[1 : len(quoted)-1]
	if strings.Contains(key, `\`) {
		key = unquote(quoted)
	}
	f := s.open[len(s.open)-1].fields.find(key)
	s.keys, s.next, s.isKey = append(s.keys, f.name), f.inside, false
}

// unquote returns the text of a JSON string.
func unquote(quoted string) (text string) {
	_ = json.Unmarshal([]byte(quoted), &text) // it was read before, so there is no error
	return text
}

// leave ends an object or a list. It returns an error if the object has a key twice.
func (s *keyScanner) leave() error {
	last := len(s.open) - 1
	keys := s.keys[s.open[last].keys:]
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if keys[i-1] == keys[i] {
			return fmt.Errorf("an object in it has the key %.80q more than once, and clients do not all read the same one", keys[i])
		}
	}
	s.keys, s.open = s.keys[:s.open[last].keys], s.open[:last]
	return nil
}

// endOfString returns the index behind a JSON string that begins at start.
func endOfString(text string, start int) int {
	for i := start + 1; ; i++ {
		i += strings.IndexByte(text[i:], '"')
		escapes := 0
		for text[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}
