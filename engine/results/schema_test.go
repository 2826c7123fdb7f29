package results

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestSchemaHasEveryField compares the fields that the schema describes with those
// that are written. A field that is missing in the schema would pass every check
// by it, since readers ignore fields that they do not know.
func TestSchemaHasEveryField(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Required   []string
			Properties map[string]any
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(Schema), &schema); err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]any{TypeRun: Header{}, TypeImage: Record{}, TypeWithdrawn: Withdrawn{}, TypeResumed: Resumed{}, TypeEnd: End{}} {
		written, always := fieldsOf(reflect.TypeOf(line))
		described := slices.Sorted(maps.Keys(schema.Defs[name].Properties))
		required := slices.Sorted(slices.Values(schema.Defs[name].Required))
		if !slices.Equal(written, described) || !slices.Equal(always, required) {
			t.Errorf("%s:\nwritten   %q\nalways    %q\ndescribed %q\nrequired  %q", name, written, always, described, required)
		}
	}
}

// fieldsOf returns the names of the JSON fields of a type, in order. always are
// those that every line of the type has.
func fieldsOf(of reflect.Type) (written, always []string) {
	for field := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			names, required := fieldsOf(field.Type)
			written, always = append(written, names...), append(always, required...)
			continue
		}
		written = append(written, name)
		if options != "omitempty" {
			always = append(always, name)
		}
	}
	slices.Sort(written)
	slices.Sort(always)
	return written, always
}
