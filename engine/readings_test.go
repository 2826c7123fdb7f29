package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mvrun/engine/imagelist"
)

// newShardEngine returns an engine of a part of the lists.
func newShardEngine(shard imagelist.Shard, sinks ...Sink) *Engine {
	return New(Options{Registry: fakeRegistry(mirrored), Jobs: 1, Shard: shard, Sinks: sinks, Stop: func(error) {}})
}

// TestPartsAddUp shows that the parts of a run have each line once: in their totals, in
// what they did not reach, and in what they leave for a failed list. The script reads the
// list for two destinations.
func TestPartsAddUp(t *testing.T) {
	var content strings.Builder
	for i := range 40 {
		fmt.Fprintf(&content, "s.io/a/%d d.io/a/%d 1\n", i, i)
	}
	const count = 3
	total, part, leftOut, unreached, unfinished := 0, 0, 0, 0, map[string]int{}
	for index := 1; index <= count; index++ {
		list, err := imagelist.Parse("x", strings.NewReader(content.String()), 0)
		if err != nil {
			t.Fatal(err)
		}
		e := newShardEngine(imagelist.Shard{Index: index, Count: count})
		for _, destination := range []string{"", "e.io", "", "e.io"} {
			if _, err := e.Load(t.Context(), list, imagelist.Options{Destination: destination}); err != nil {
				t.Fatal(err)
			}
		}
		n, final := e.Total()
		if !final {
			t.Errorf("the total of part %d is not final", index)
		}
		if _, err := e.Close(ErrInterrupted); err != nil {
			t.Fatal(err)
		}
		lists, left := e.CountLines()
		if len(lists) != 1 || lists[0].Name != "x" || lists[0].SHA256 != list.SHA256 || lists[0].Lines != 40 {
			t.Errorf("lists %+v", lists)
		}
		lines, missed := e.UnfinishedLines(t.Context())
		for _, line := range lines {
			unfinished[line]++
		}
		if left != len(lines) || missed != len(lines) {
			t.Errorf("part %d: %d lines left out, %d not reached, %d for the failed list", index, left, missed, len(lines))
		}
		total, part, leftOut, unreached = total+n, part+lists[0].Part, leftOut+left, unreached+missed
	}
	if total != 80 || part != 40 || len(unfinished) != 40 {
		t.Errorf("%d images for two destinations, %d of 40 lines, %d lines unfinished; %d left out, %d not reached", total, part, len(unfinished), leftOut, unreached)
	}
}

// TestEndOfPart shows that a run that ends early has results for the lines of its part
// alone.
func TestEndOfPart(t *testing.T) {
	const content = "s.io/a d.io/a 1\nno image at all\ns.io/b d.io/b 1\ns.io/c d.io/c 1\ns.io/d d.io/d 1\nnor is this one here\n"
	var got []string
	for index := 1; index <= 2; index++ {
		list, err := imagelist.Parse("x", strings.NewReader(content), 0)
		if err != nil {
			t.Fatal(err)
		}
		sink := &kept{}
		e := newShardEngine(imagelist.Shard{Index: index, Count: 2}, sink)
		if _, err := e.Load(t.Context(), list, imagelist.Options{}); err != nil {
			t.Fatal(err)
		}
		e.EndRest(t.Context(), &DeadlineError{})
		if s, err := e.Close(errors.New("late")); err != nil || s.Images == 0 || s.Images == 6 {
			t.Errorf("part %d has %d images, %v", index, s.Images, err)
		}
		got = append(got, sink.lines...)
	}
	slices.Sort(got)
	want := []string{"1 error timeout 0", "2 error invalid-line 1", "3 error timeout 0", "4 error timeout 0", "5 error timeout 0", "6 error invalid-line 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWrongFileOfPart shows that the whole list is judged, not the part.
func TestWrongFileOfPart(t *testing.T) {
	list, err := imagelist.Parse("x", strings.NewReader(strings.Repeat("this is no image\n", 30)+"s.io/a d.io/a 1\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for index := 1; index <= 9; index++ {
		e := newShardEngine(imagelist.Shard{Index: index, Count: 9})
		if _, err := e.Load(t.Context(), list, imagelist.Options{}); !errors.As(err, new(*imagelist.WrongListError)) {
			t.Errorf("part %d: %v", index, err)
		}
		e.Close(nil)
	}
}
