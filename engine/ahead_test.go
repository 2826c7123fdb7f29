package engine

import (
	"slices"
	"testing"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// preparing is a registry that notes for which repositories it has to prepare.
type preparing struct {
	fakeRegistry
	prepared []string
}

func (p *preparing) CanPrepare() bool { return true }

func (p *preparing) Prepare(repository string, side validate.Side) {
	p.prepared = append(p.prepared, side.String()+" "+repository)
}

func TestPrepare(t *testing.T) {
	present := question
	present.Rules = validate.Present
	earlier := func(image *imagelist.Image, _ string) *Result {
		if image.Number != 3 {
			return nil
		}
		return &Result{Image: image, Status: validate.Pass}
	}
	for _, test := range []struct {
		name    string
		options Options
		asked   *validate.Question // about an image before; nil if there was none
		want    []string
	}{
		{"before the first question", Options{}, nil, nil},
		{"both sides", Options{}, &question, []string{"destination d/i", "source s/i"}},
		{"rules that never ask the source", Options{}, &present, []string{"destination d/i"}},
		{"an earlier run has the answer", Options{Earlier: earlier}, &question, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			registry := &preparing{fakeRegistry: mirrored}
			o := test.options
			o.Registry, o.Jobs, o.Timeout = registry, 1, time.Minute
			e := New(o)
			first, next := image(1), image(3)
			if test.asked != nil {
				e.Begin().Validate(t.Context(), &first, *test.asked)
			}
			e.Prepare(&next)
			if !slices.Equal(registry.prepared, test.want) {
				t.Errorf("prepared %q, want %q", registry.prepared, test.want)
			}
			if _, err := e.Close(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// A person who types images gives no image before the one before it is answered.
func TestPreparePrompt(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		e := New(Options{Registry: &preparing{fakeRegistry: mirrored}, Jobs: 1, Timeout: time.Minute, Fresh: fresh})
		if got := e.CanPrepare(); got == fresh {
			t.Errorf("Fresh %t: CanPrepare is %t", fresh, got)
		}
		if _, err := e.Close(nil); err != nil {
			t.Error(err)
		}
	}
}
