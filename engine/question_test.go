package engine

import (
	"testing"

	"mvrun/validate"
)

// elsewhere is a registry that asks every repository at its own place.
type elsewhere struct {
	fakeRegistry
	at map[string]string // from a repository to its place
}

func (e *elsewhere) Endpoint(repository string, _ validate.Side) string { return e.at[repository] }

// TestQuestionOf shows that the place where a side is asked belongs to the question,
// but not that of a source which the rules never ask.
func TestQuestionOf(t *testing.T) {
	registry := &elsewhere{mirrored, map[string]string{"s/i": "one", "d/i": "one"}}
	e := New(Options{Registry: registry, Jobs: 1, Stop: func(error) {}})
	defer e.Close(nil)
	asked := image(1)
	for _, test := range []struct {
		rules               validate.Rules
		source, destination bool // whether another place of that side makes another question
	}{
		{validate.Content, true, true},
		{validate.Present, false, true},
	} {
		q := question
		q.Rules = test.rules
		first := e.questionOf(&asked, q)
		for repository, want := range map[string]bool{asked.Source: test.source, asked.Destination: test.destination} {
			registry.at[repository] = "another"
			if another := e.questionOf(&asked, q); (another != first) != want {
				t.Errorf("%s: %s asked elsewhere makes another question: %t, want %t", test.rules, repository, another != first, want)
			}
			registry.at[repository] = "one"
		}
	}
}
