package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// load adds a list to an engine.
func load(t *testing.T, e *Engine, list *imagelist.List) {
	t.Helper()
	if _, err := e.Load(t.Context(), list, imagelist.Options{}); err != nil {
		t.Fatal(err)
	}
}

// all returns the images of a list.
func all(t *testing.T, list *imagelist.List) (images []imagelist.Image) {
	t.Helper()
	list.Drain(t.Context())
	lines, _ := list.Known()
	for _, line := range lines {
		image, err := list.Image(line, imagelist.Options{})
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
	}
	return images
}

// TestLinesOfManyLists shows which lines are left of a file, a stream, and
// images of no list.
func TestLinesOfManyLists(t *testing.T) {
	file, err := imagelist.Parse("file", strings.NewReader("a.io/a d.io/a 1\na.io/b d.io/b 1\na.io/c d.io/c 1\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	stream := imagelist.Stream("stream", strings.NewReader("b.io/a d.io/a 1\nb.io/b d.io/b 1\nb.io/c d.io/c 1\n"))
	e := newEngine(mirrored, 1)
	if n, final := e.Total(); n != 0 || final {
		t.Errorf("without a list the total is %d, %v", n, final)
	}
	load(t, e, stream)
	load(t, e, file)
	if n, final := e.Total(); n != 5 || final { // two lines have shown that the stream is a list, and it may have any number
		t.Errorf("the total is %d, %v", n, final)
	}
	record := func(status validate.Status, images ...imagelist.Image) {
		for _, image := range images {
			e.collector.record(&Result{Image: new(image), Status: status})
		}
	}
	files := all(t, file)
	elsewhere := files[0] // the same line, looked up elsewhere
	elsewhere.Destination = "e.io/a"
	record(validate.Fail, elsewhere)
	record(validate.Pass, files[0], files[1])
	record(validate.Pass, elsewhere)
	elsewhere.Destination = "f.io/a"
	record(validate.Fail, elsewhere)
	for i := range 50 {
		elsewhere.Destination = fmt.Sprintf("g.io/%d", i)
		record(validate.Pass, elsewhere)
	}
	loose := imagelist.Image{Number: 1, Source: "z.io/z", Destination: "d.io/z", Tag: "1"}
	mended, other := loose, loose
	mended.Tag, mended.Number = "2", 2
	other.Tag, other.Number = "3", 3
	record(validate.Fail, loose, mended, other)
	record(validate.Pass, mended)
	if _, err := e.Close(nil); err != nil {
		t.Fatal(err)
	}
	got, unchecked := e.UnfinishedLines(t.Context())
	slices.Sort(got[len(got)-2:])                                             // of no list, equal but for their tags
	want := []string{"b.io/a d.io/a 1", "b.io/b d.io/b 1", "b.io/c d.io/c 1", // none of it, though the file's have the same numbers
		"a.io/a d.io/a 1", "a.io/c d.io/c 1", "z.io/z d.io/z 1", "z.io/z d.io/z 3"}
	if !slices.Equal(got, want) || unchecked != 4 {
		t.Errorf("%d unchecked\ngot  %q\nwant %q", unchecked, got, want)
	}
	if n, final := e.Total(); n != 6 || !final {
		t.Errorf("in the end the total is %d, %v", n, final)
	}
}

// TestFailedLinesOfNoList shows that images made by hand come last, each.
func TestFailedLinesOfNoList(t *testing.T) {
	e := newEngine(mirrored, 1)
	defer e.Close(nil)
	list, err := imagelist.Parse("l", strings.NewReader("s.io/a d.io/a 1\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	load(t, e, list)
	of := func(image imagelist.Image) *Packed {
		packed := (&Result{Image: new(image), Status: validate.Fail}).Pack()
		return &packed
	}
	byHand := func(source string) *Packed {
		return of(imagelist.Image{Number: int(source[0]), Source: source, Destination: "d.io/z", Tag: "1"})
	}
	got := e.FailedLines([]*Packed{byHand("b.io/b"), byHand("a.io/a"), byHand("a.io/a"), of(all(t, list)[0]),
		of(imagelist.Image{Number: 200, Source: "c.io/c", Destination: "d.io/z", Tag: "1", SourceTag: "0"})})
	if want := []string{"s.io/a d.io/a 1", "a.io/a d.io/z 1", "b.io/b d.io/z 1", "c.io/c:0 d.io/z:1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEndRest shows what becomes of lines that a run had no time for.
func TestEndRest(t *testing.T) {
	const lines = "s.io/1 d.io/1 1\ns.io/2 d.io/2 1\ns.io/3 d.io/3 1\ntwo words\n"
	sink := &told{}
	e := New(Options{Registry: fakeRegistry(mirrored), Jobs: 1, Timeout: time.Minute, Sinks: []Sink{sink}, Stop: func(error) {},
		Earlier: func(i *imagelist.Image, _ string) *Result {
			status := map[int]validate.Status{2: validate.Pass, 3: validate.Fail}[i.Number]
			if status == "" {
				return nil
			}
			return &Result{Image: i, Status: status, Earlier: true, Attempts: 1}
		}})
	stream := imagelist.Stream("l", strings.NewReader(lines+"s.io/5 d.io/5 1\n"))
	load(t, e, stream)
	line, err := stream.At(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Image(line, imagelist.Options{})
	if err != nil {
		t.Fatal(err)
	}
	task := e.Begin()
	task.Validate(t.Context(), &first, question)
	task.End()
	e.EndRest(t.Context(), &DeadlineError{After: time.Hour})
	if _, err := e.Close(nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"l 1 pass identical x1", "l 2 error timeout x0", "l 3 error timeout x0", "l 4 error invalid-line x1", "l 5 error timeout x0"}
	if !slices.Equal(sink.lines, want) {
		t.Errorf("got  %q\nwant %q", sink.lines, want)
	}
}

// TestEnded shows the words for what a run's end left without a verdict.
func TestEnded(t *testing.T) {
	if reason, _ := Ended(&DeadlineError{After: time.Hour}); reason != validate.Timeout {
		t.Errorf("after the deadline: %s", reason)
	}
	if reason, _ := Ended(errors.New("a sink is full")); reason != validate.Interrupted {
		t.Errorf("else: %s", reason)
	}
}

// TestImagesOfOneEntry shows that images which share a number are lines of their own: in
// the failed list, for what the script hands over, and after an interruption.
func TestImagesOfOneEntry(t *testing.T) {
	reader := &imagelist.Reader{Read: func(string) (*imagelist.Entries, error) {
		return &imagelist.Entries{Format: "test", Entries: []imagelist.Entry{
			{LineNumber: 1, Source: "s.io/a", Destination: "d.io/a", Tags: []string{"3", "1", "2", "4"}},
			{LineNumber: 2, Source: "s.io/b:1", Destination: "d.io/b:1"},
			{LineNumber: 3, Source: "s.io/c", Destination: "d.io/c", Choose: func(tags []string) ([]string, error) { return tags, nil }},
		}}, nil
	}}
	list, err := reader.Parse("l", strings.NewReader("content"), 0)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(mirrored, 1)
	load(t, e, list)
	lines, _ := list.Known()
	image := func(i int) imagelist.Image {
		image, _ := list.Image(lines[i], imagelist.Options{})
		return image
	}
	sequence := uint32(0)
	record := func(status validate.Status, image imagelist.Image) *Packed {
		sequence++
		r := &Result{Image: new(image), Status: status, sequence: sequence}
		e.collector.record(r)
		packed := r.Pack()
		return &packed
	}
	failed := []*Packed{record(validate.Fail, image(2)), record(validate.Fail, image(0))}
	record(validate.Fail, image(1))
	e.Invalid(image(5), &brokenRegistry{})
	want := []string{"s.io/a:3 d.io/a:3", "s.io/a:2 d.io/a:2", "s.io/c d.io/c"}
	if got := e.FailedLines(failed); !slices.Equal(got, want) {
		t.Errorf("the failed list is %q, want %q", got, want)
	}
	e.HandOver(failed[:1]) // of its own line alone
	summary, err := e.Close(nil)
	if err != nil {
		t.Fatal(err)
	}
	if summary.Status[validate.Fail] != 3 || summary.Reasons[validate.Error][validate.Unauthorized] != 1 {
		t.Errorf("the summary has %v, %v", summary.Status, summary.Reasons)
	}
	if lists, leftOut := e.CountLines(); lists[0].Lines != 3 || lists[0].Part != 3 || leftOut != 2 {
		t.Errorf("%+v, %d left out", lists, leftOut)
	}
	got, unreached := e.UnfinishedLines(t.Context())
	want = []string{"s.io/a:3 d.io/a:3", "s.io/a:1 d.io/a:1", "s.io/a:2 d.io/a:2", "s.io/a:4 d.io/a:4", "s.io/b:1 d.io/b:1", "s.io/c d.io/c"}
	if !slices.Equal(got, want) || unreached != 2 {
		t.Errorf("%d unreached\ngot  %q\nwant %q", unreached, got, want)
	}
}

// TestEndRestOfFilter shows that a run which ends before the tags of an entry are listed
// does not call the entry invalid.
func TestEndRestOfFilter(t *testing.T) {
	reader := &imagelist.Reader{Read: func(string) (*imagelist.Entries, error) {
		return &imagelist.Entries{Format: "test", Entries: []imagelist.Entry{
			{LineNumber: 1, Source: "s.io/c", Destination: "d.io/c", Choose: func(tags []string) ([]string, error) { return tags, nil }},
		}}, nil
	}}
	list, err := reader.Parse("l", strings.NewReader("content"), 0)
	if err != nil {
		t.Fatal(err)
	}
	sink := &told{}
	e := New(Options{Registry: fakeRegistry(mirrored), Jobs: 1, Timeout: time.Minute, Sinks: []Sink{sink}, Stop: func(error) {}})
	load(t, e, list)
	e.EndRest(t.Context(), &DeadlineError{After: time.Hour})
	if _, err := e.Close(nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"l 1 error timeout x0"}; !slices.Equal(sink.lines, want) {
		t.Errorf("got %q, want %q", sink.lines, want)
	}
	if got, _ := e.UnfinishedLines(t.Context()); !slices.Equal(got, []string{"s.io/c d.io/c"}) {
		t.Errorf("the failed list is %q", got)
	}
}

// brokenRegistry is an error that has a reason of its own.
type brokenRegistry struct{}

func (*brokenRegistry) Error() string           { return "refused" }
func (*brokenRegistry) Reason() validate.Reason { return validate.Unauthorized }
