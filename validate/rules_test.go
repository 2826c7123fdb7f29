package validate

import (
	"slices"
	"testing"
)

// TestChoices checks that every row in the tables of rule sets and depths has a name and
// a meaning, and that a question may name it.
func TestChoices(t *testing.T) {
	for _, test := range []struct {
		choices []Choice
		want    []string
		set     func(q *Question, name string)
	}{
		{RuleSets(), []string{"hangar", "content", "exact", "present"}, func(q *Question, name string) { q.Rules = Rules(name) }},
		{Depths(), []string{"manifests", "blobs", "data"}, func(q *Question, name string) { q.Depth = Depth(name) }},
	} {
		var names []string
		for _, choice := range test.choices {
			names = append(names, choice.Name)
			q := question("", "")
			test.set(&q, choice.Name)
			if err := q.Check(); err != nil || choice.About == "" {
				t.Errorf("%+v: %v", choice, err)
			}
		}
		if !slices.Equal(names, test.want) {
			t.Errorf("got %q, want %q", names, test.want)
		}
	}
}
