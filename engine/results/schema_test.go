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
		written := fieldsOf(reflect.TypeOf(line))
		described := slices.Sorted(maps.Keys(schema.Defs[name].Properties))
		required := slices.Sorted(slices.Values(schema.Defs[name].Required))
		if !slices.Equal(written, described) || !slices.Equal(written, required) {
			t.Errorf("%s:\nwritten   %q\ndescribed %q\nrequired  %q", name, written, described, required)
		}
	}
}

// fieldsOf returns the names of the JSON fields of a type, in order.
func fieldsOf(of reflect.Type) []string {
	var names []string
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			names = append(names, fieldsOf(field.Type)...)
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
