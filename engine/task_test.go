package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// told is a sink that keeps what of a result its records and the summary show.
type told struct{ lines []string }

func (s *told) Write(r *Result) error {
	line := fmt.Sprintf("%s %d %s", r.Image.List, r.Image.Number, r.Status)
	for _, word := range []string{string(r.Reason), string(r.Match), r.Waived} {
		if word != "" {
			line += " " + word
		}
	}
	if r.Earlier {
		line += " earlier"
	}
	s.lines = append(s.lines, fmt.Sprintf("%s x%d", line, r.Attempts))
	return nil
}

// missing answers as registries do whose destination lacks everything.
func missing(ctx context.Context, i imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	if need.Side == validate.Destination {
		return validate.Fact{Missing: true}, 1, nil
	}
	return mirrored(ctx, i, need)
}

// odd answers that images of odd numbers were mirrored and the others were not.
func odd(ctx context.Context, i imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	if i.Number%2 == 1 {
		return mirrored(ctx, i, need)
	}
	return missing(ctx, i, need)
}

// TestTask shows what a thread leaves behind for what it does.
func TestTask(t *testing.T) {
	earlier := func(i *imagelist.Image, _ string) *Result {
		switch i.Number {
		case 11:
			return &Result{Image: i, Status: validate.Pass, Match: validate.Identical, Earlier: true, Attempts: 4}
		case 12:
			return &Result{Image: i, Status: validate.Fail, Reason: validate.DigestDiffers, Earlier: true, Attempts: 4}
		}
		return nil
	}
	for _, test := range []struct {
		name string
		do   func(ctx context.Context, task *Task)
		want []string
	}{
		{"one image after the other", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(1)), question)
			task.Validate(ctx, new(image(2)), question)
		}, []string{"l 1 pass identical x1", "l 2 fail destination-missing x1"}},
		{"waived", func(ctx context.Context, task *Task) {
			task.Waive(task.Validate(ctx, new(image(2)), question), "known")
		}, []string{"l 2 fail destination-missing known x1"}},
		{"waived after another image", func(ctx context.Context, task *Task) {
			failed := task.Validate(ctx, new(image(2)), question)
			task.Validate(ctx, new(image(1)), question)
			task.Waive(failed, "known")
		}, []string{"l 2 fail destination-missing x1", "l 1 pass identical x1", "l 2 fail destination-missing known x1"}},
		{"an older result of the same image waived", func(ctx context.Context, task *Task) {
			failed := task.Validate(ctx, new(image(2)), question)
			task.Validate(ctx, new(image(2)), question)
			task.Waive(failed, "known")
		}, []string{"l 2 fail destination-missing known x1"}},
		{"waived as a script has it", func(ctx context.Context, task *Task) {
			image := image(2)
			task.Validate(ctx, &image, question)
			packed := task.Validate(ctx, &image, question).Pack()
			task.End()
			task.Waive(packed.Result(), "known")
		}, []string{"l 2 fail destination-missing x2", "l 2 fail destination-missing known x2"}},
		{"waived, and validated again", func(ctx context.Context, task *Task) {
			task.Waive(task.Validate(ctx, new(image(2)), question), "known")
			task.Validate(ctx, new(image(2)), question)
		}, []string{"l 2 fail destination-missing x2"}},
		{"failed after a pass", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(1)), question)
			task.Fail(new(image(1)), validate.Script, "a bug")
		}, []string{"l 1 error script x1"}},
		{"failed after a waiver", func(ctx context.Context, task *Task) {
			task.Waive(task.Validate(ctx, new(image(2)), question), "known")
			task.Fail(new(image(2)), validate.Script, "a bug")
		}, []string{"l 2 error script x1"}},
		{"failed after what an earlier run found out", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(11)), question)
			task.Fail(new(image(11)), validate.Script, "a bug")
		}, []string{"l 11 error script x4"}},
		{"failed with an image that it did not validate", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(1)), question)
			task.Fail(new(image(3)), validate.Script, "a bug")
		}, []string{"l 1 pass identical x1", "l 3 error script x0"}},
		{"failed with no image", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(1)), question)
			task.Fail(nil, validate.Script, "a bug")
		}, []string{"l 1 error script x1"}},
		{"failed before it had one", func(ctx context.Context, task *Task) {
			task.Fail(nil, validate.Script, "a bug")
		}, nil},
		{"passed in an earlier run", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(11)), question)
		}, []string{"l 11 pass identical earlier x4"}},
		{"passed in an earlier run, and asked again", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(11)), question)
			task.Validate(ctx, new(image(11)), question)
		}, []string{"l 11 pass identical x5"}},
		{"failed in an earlier run", func(ctx context.Context, task *Task) {
			task.Validate(ctx, new(image(12)), question)
		}, []string{"l 12 fail destination-missing x1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sink := &told{}
			e := New(Options{Registry: fakeRegistry(odd), Jobs: 1, Timeout: time.Minute, Sinks: []Sink{sink}, Stop: func(error) {}, Earlier: earlier})
			task := e.Begin()
			test.do(t.Context(), task)
			task.End()
			if _, err := e.Close(nil); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sink.lines, test.want) {
				t.Errorf("the sink got %q, want %q", sink.lines, test.want)
			}
		})
	}
}

// The attempts at an image began when the first did.
func TestStarted(t *testing.T) {
	e := newEngine(missing, 1)
	defer e.Close(nil)
	task := e.Begin()
	defer task.End()
	first := task.Validate(t.Context(), new(image(1)), question)
	if again := task.Validate(t.Context(), new(image(1)), question); !again.Started.Equal(first.Started) {
		t.Errorf("the second attempt began %v after the first", again.Started.Sub(first.Started))
	}
}

// TestSummary shows how the last results of images are counted.
func TestSummary(t *testing.T) {
	e := newEngine(mirrored, 1)
	hangar, content := Terms{Rules: validate.Hangar, Depth: validate.Manifests}, Terms{Rules: validate.Content, Depth: validate.Data, Sampled: true}
	for i, result := range []Result{
		{Status: validate.Pass, Match: validate.Identical, Terms: hangar},
		{Status: validate.Pass, Match: validate.Identical, Terms: hangar, Earlier: true},
		{Status: validate.Pass, Match: validate.Converted, Terms: content},
		{Status: validate.Skip, Reason: validate.NoPlatform, Terms: hangar},
		{Status: validate.Fail, Reason: validate.DigestDiffers, Terms: content},
		{Status: validate.Fail, Reason: validate.DigestDiffers, Terms: content, Waived: "known"},
		{Status: validate.Error, Reason: validate.Timeout, Terms: hangar},
	} {
		result.Image = new(image(i + 1))
		for range 2 { // an image counts once
			e.collector.record(&result)
		}
	}
	got, err := e.Close(nil)
	got.Started, got.Elapsed = time.Time{}, 0
	want := Summary{Images: 7, Status: map[validate.Status]int{validate.Pass: 3, validate.Skip: 1, validate.Fail: 1, validate.Error: 1},
		Reasons: map[validate.Status]map[validate.Reason]int{validate.Skip: {validate.NoPlatform: 1}, validate.Fail: {validate.DigestDiffers: 1}, validate.Error: {validate.Timeout: 1}},
		Matches: map[validate.Match]int{validate.Identical: 2, validate.Converted: 1}, Waived: 1,
		Judged: map[Terms]map[validate.Reason]int{hangar: {"": 2}, content: {"": 1, validate.DigestDiffers: 1}}, Earlier: 1, NotHandedOver: 2,
		NotPassed: []Group{
			{Status: validate.Fail, Reason: validate.DigestDiffers, Count: 1, First: []*imagelist.Image{new(image(5))}},
			{Status: validate.Error, Reason: validate.Timeout, Count: 1, First: []*imagelist.Image{new(image(7))}},
		}}
	if !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if n := len(e.collector.ledger.kinds.values); n != 7 {
		t.Errorf("%d kinds of results are kept, want 7", n)
	}
}

// TestUnits shows which images count apart: each destination of each line, from
// whatever source.
func TestUnits(t *testing.T) {
	images := []imagelist.Image{
		{List: "l", Number: 1, Source: "s", Destination: "d", Tag: "1"},
		{List: "m", Number: 1, Source: "s", Destination: "d", Tag: "1"},
		{List: "l", Number: 2, Source: "s", Destination: "d", Tag: "1"},
		{List: "l", Number: 1, Source: "s", Destination: "d2", Tag: "1"},
		{List: "l", Number: 1, Source: "s", Destination: "d", Tag: "2"},
		{List: "ld", Number: 1, Source: "s", Destination: "", Tag: "1"},
		{List: "l", Number: 1, Source: "s", Destination: "d1", Tag: ""},
		{Number: 1, Source: "s", Destination: "d", Tag: "1"},
		{Number: 2, Source: "s", Destination: "d", Tag: "1"},
	}
	keys := map[key]imagelist.Image{}
	for _, image := range images {
		k := unitKey(&image)
		if other, known := keys[k]; known {
			t.Errorf("%+v counts as %+v", image, other)
		}
		keys[k] = image
	}
	for _, again := range []imagelist.Image{
		{List: "l", Number: 1, Source: "s2", Destination: "d", Tag: "1", LineNumber: 9, Line: "another"},
		{List: "l", Number: 1, Source: "s", Destination: "d", Tag: "1", SourceTag: "2"},
	} {
		if _, known := keys[unitKey(&again)]; !known {
			t.Errorf("%+v was looked up at another source, and counts apart", again)
		}
	}
}

// TestQuestionAbout shows what a question knows about its image.
func TestQuestionAbout(t *testing.T) {
	for _, test := range []struct{ tag, wantTag, wantDigest string }{
		{"1", "1", ""},
		{"sha256:aa", "sha256:aa", ""},
		{"1@sha256:aa", "1", "sha256:aa"},
	} {
		image := &imagelist.Image{Source: "s", Destination: "d", Tag: test.tag, SourceTag: "other"}
		got := questionAbout(image, validate.Question{Rules: validate.Exact})
		if got.Source != "s" || got.Destination != "d" || got.Tag != test.wantTag || got.Digest != test.wantDigest || got.Rules != validate.Exact {
			t.Errorf("%s: got %+v", test.tag, got)
		}
	}
}

// TestSync shows that the sinks have got everything by then.
func TestSync(t *testing.T) {
	sink := &kept{}
	e := newEngine(mirrored, 1, sink)
	for round := range 50 {
		for i := range 40 {
			e.collector.record(&Result{Image: new(image(i)), Status: validate.Pass})
		}
		e.Sync()
		if want := (round + 1) * 40; len(sink.lines) != want {
			t.Fatalf("%d results of %d", len(sink.lines), want)
		}
	}
	e.Close(nil)
}

// Of several errors the first need's is told, whichever came first.
func TestFirstError(t *testing.T) {
	late := make(chan struct{})
	e := newEngine(func(_ context.Context, _ imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		if need.Digest == "first" {
			<-late
		} else {
			defer close(late)
		}
		return validate.Fact{}, 1, errors.New(need.Digest)
	}, 1)
	defer e.Close(nil)
	needs := []validate.Need{{Action: validate.HeadManifest, Digest: "first"}, {Action: validate.HeadManifest, Digest: "second"}}
	if _, err := e.read(t.Context(), image(1), needs, validate.Known{}); err == nil || err.Error() != "first" {
		t.Errorf("got %v", err)
	}
}

// TestOK shows which results need no attention.
func TestOK(t *testing.T) {
	for _, test := range []struct {
		result Result
		want   bool
	}{
		{Result{Status: validate.Pass}, true},
		{Result{Status: validate.Skip}, true},
		{Result{Status: validate.Fail}, false},
		{Result{Status: validate.Error}, false},
		{Result{Status: validate.Fail, Waived: "known"}, true},
		{Result{Status: validate.Fail, Earlier: true}, false},
		{Result{}, false},
	} {
		if got := test.result.OK(); got != test.want {
			t.Errorf("%+v: got %v", test.result, got)
		}
	}
}
