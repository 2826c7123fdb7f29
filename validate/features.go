package validate

import (
	"encoding/json"
	"slices"
	"strings"
)

// features are the features of an operating system that a platform names. They are
// sorted and separated by commas, so that platforms can be compared with ==.
// In JSON they are a list of strings.
type features string

// UnmarshalJSON implements json.Unmarshaler.
func (f *features) UnmarshalJSON(body []byte) error {
	var names []string
	if err := json.Unmarshal(body, &names); err != nil {
		return err
	}
	slices.Sort(names)
	*f = features(strings.Join(slices.Compact(names), ","))
	return nil
}

// MarshalJSON implements json.Marshaler.
func (f features) MarshalJSON() ([]byte, error) { return json.Marshal(f.names()) }

func (f features) names() []string {
	if f == "" {
		return []string{}
	}
	return strings.Split(string(f), ",")
}

// without returns the features that other does not have.
func (f features) without(other features) features {
	names := other.names()
	return features(strings.Join(slices.DeleteFunc(f.names(), func(name string) bool { return slices.Contains(names, name) }), ","))
}
