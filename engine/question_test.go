package engine

import (
	"testing"

	"mvrun/engine/imagelist"
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

// sharing is a registry that may read blobs once for several repositories.
type sharing struct {
	fakeRegistry
	shares bool
}

func (s *sharing) SharesBlobs(imagelist.Image) bool { return s.shares }

// TestQuestionOfSharedBlobs shows that shared blobs make another question where blobs are
// read, and that without them the hash is the one that earlier versions wrote.
func TestQuestionOfSharedBlobs(t *testing.T) {
	registry := &sharing{fakeRegistry: mirrored}
	e := New(Options{Registry: registry, Jobs: 1, Stop: func(error) {}})
	defer e.Close(nil)
	asked := image(1)
	q := validate.Question{Rules: validate.Content, Depth: validate.Data, Arch: []string{"amd64"}, OS: []string{"linux"}}
	alone := e.questionOf(&asked, q)
	if want := "b5bcd6e8795f7e4a45020e9dbd687a09"; alone != want {
		t.Errorf("the question without shared blobs is %s, earlier versions wrote %s", alone, want)
	}
	for depth, want := range map[validate.Depth]bool{validate.Data: true, validate.Blobs: false, validate.Manifests: false} {
		q.Depth = depth
		registry.shares = false
		first := e.questionOf(&asked, q)
		registry.shares = true
		if another := e.questionOf(&asked, q); (another != first) != want {
			t.Errorf("%s: shared blobs make another question: %t, want %t", depth, another != first, want)
		}
	}
}
