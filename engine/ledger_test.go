package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// attempt is one step of a script: a validation of the line's image, which may be
// looked up elsewhere.
type attempt struct {
	source, destination string
	status              validate.Status
}

// TestLedger shows which results of a line count.
func TestLedger(t *testing.T) {
	const pass, fail = validate.Pass, validate.Fail
	for _, test := range []struct {
		name      string
		attempts  []attempt
		handed    []int // attempts that the script hands over, in this order
		aborted   bool  // the script did not come to its end
		early     bool  // the script handed them over before its last attempt
		counted   []string
		again     []string // records that are written again
		withdrawn []string
	}{
		{name: "one result", attempts: []attempt{{"s", "d", fail}}, counted: []string{"s d fail"}},
		{name: "the last one counts", attempts: []attempt{{"s", "d", fail}, {"s", "d", pass}}, counted: []string{"s d pass"}},
		{name: "the last one for each destination counts", attempts: []attempt{{"s", "d", fail}, {"s", "e", pass}}, counted: []string{"s d fail", "s e pass"}},
		{name: "another source replaces the first", attempts: []attempt{{"s", "d", fail}, {"t", "d", pass}},
			counted: []string{"t d pass"}, withdrawn: []string{"s d"}},
		{name: "another tag of the source replaces the first", attempts: []attempt{{"s", "d", fail}, {"s:2", "d", pass}},
			counted: []string{"s:2 d pass"}, withdrawn: []string{"s d"}},
		{name: "another source, and the first again", attempts: []attempt{{"s", "d", fail}, {"t", "d", pass}, {"s", "d", pass}},
			counted: []string{"s d pass"}, withdrawn: []string{"t d"}},
		{name: "a fallback that is handed over", attempts: []attempt{{"s", "d", fail}, {"t", "d", pass}}, handed: []int{1},
			counted: []string{"t d pass"}, withdrawn: []string{"s d"}},
		{name: "a fallback that is dropped", attempts: []attempt{{"s", "d", pass}, {"t", "d", fail}}, handed: []int{0},
			counted: []string{"s d pass"}, again: []string{"s d pass"}, withdrawn: []string{"t d"}},
		{name: "an earlier attempt that is handed over", attempts: []attempt{{"s", "d", pass}, {"s", "d", fail}}, handed: []int{0},
			counted: []string{"s d pass"}, again: []string{"s d pass"}},
		{name: "one of two destinations is handed over", attempts: []attempt{{"s", "d", fail}, {"s", "e", pass}}, handed: []int{1},
			counted: []string{"s e pass"}, withdrawn: []string{"s d"}},
		{name: "both destinations are handed over", attempts: []attempt{{"s", "d", fail}, {"s", "e", pass}}, handed: []int{1, 0},
			counted: []string{"s d fail", "s e pass"}},
		{name: "handed over twice", attempts: []attempt{{"s", "d", fail}, {"s", "d", pass}}, handed: []int{0, 1}, counted: []string{"s d pass"}},
		{name: "handed over twice, the worse one last", attempts: []attempt{{"s", "d", fail}, {"s", "d", pass}}, handed: []int{1, 0},
			counted: []string{"s d fail"}, again: []string{"s d fail"}},
		{name: "an older pass, in a script that was aborted later", attempts: []attempt{{"s", "d", pass}, {"s", "d", fail}}, handed: []int{0}, aborted: true,
			counted: []string{"s d pass"}, again: []string{"s d pass"}},
		{name: "a pass before the next attempt, in a script that was aborted", attempts: []attempt{{"s", "d", pass}, {"s", "d", fail}}, handed: []int{0}, aborted: true, early: true,
			counted: []string{"s d fail"}},
		{name: "the same in a script that came to its end", attempts: []attempt{{"s", "d", pass}, {"s", "d", fail}}, handed: []int{0}, early: true,
			counted: []string{"s d pass"}, again: []string{"s d pass"}},
		{name: "a fallback that was handed over before the script was aborted", attempts: []attempt{{"s", "d", fail}, {"s", "e", pass}}, handed: []int{1}, aborted: true,
			counted: []string{"s e pass"}, withdrawn: []string{"s d"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLedger()
			var results []*Packed
			for i, a := range test.attempts {
				image := imagelist.Image{List: "l", Number: 1, Destination: a.destination, Tag: "1"}
				image.Source, image.SourceTag, _ = strings.Cut(a.source, ":")
				result := &Result{Image: new(image), Status: a.status, sequence: uint32(i + 1)}
				l.record(result)
				packed := result.Pack()
				results = append(results, &packed)
			}
			other := &Result{Image: &imagelist.Image{List: "l", Number: 2, Source: "s", Destination: "d", Tag: "1"}, Status: validate.Error, sequence: 100}
			l.record(other) // of a line that is not handed over
			sequence := len(test.attempts)
			if test.early {
				sequence--
			}
			for _, i := range test.handed {
				l.hand(results[i:i+1], uint32(sequence))
			}
			again, withdrawn := l.settle(test.aborted)
			var counted, gotAgain, gotWithdrawn []string
			for u := range l.counting() {
				if u.image.Number == 1 {
					counted = append(counted, fmt.Sprint(sourceOf(u.image), " ", u.image.Destination, " ", l.outcome(u).status))
				}
			}
			slices.Sort(counted)
			for _, r := range again {
				gotAgain = append(gotAgain, fmt.Sprint(sourceOf(r.Image), " ", r.Image.Destination, " ", r.Status))
			}
			for _, image := range withdrawn {
				gotWithdrawn = append(gotWithdrawn, sourceOf(image)+" "+image.Destination)
			}
			if !slices.Equal(counted, test.counted) || !slices.Equal(gotAgain, test.again) || !slices.Equal(gotWithdrawn, test.withdrawn) {
				t.Errorf("counted %q, again %q, withdrawn %q\nwant    %q, again %q, withdrawn %q", counted, gotAgain, gotWithdrawn, test.counted, test.again, test.withdrawn)
			}
			if u := l.units[l.index[unitKey(other.Image)]]; l.outcome(u).status != validate.Error {
				t.Errorf("the other line counts as %v", l.outcome(u))
			}
		})
	}
}

// sourceOf returns the source of an image, with its tag if that is another one than
// the destination's.
func sourceOf(image *imagelist.Image) string {
	if image.SourceTag == "" {
		return image.Source
	}
	return image.SourceReference()
}

// revised is a sink that keeps what a reader of the results file would keep.
type revised struct{ latest map[identity]validate.Status }

func (r *revised) Write(result *Result) error {
	r.latest[identify(result.Image)] = result.Status
	return nil
}

func (r *revised) Withdraw(image *imagelist.Image) error {
	if _, ok := r.latest[identify(image)]; !ok {
		return fmt.Errorf("%v was never recorded", image)
	}
	delete(r.latest, identify(image))
	return nil
}

// TestReviser shows that a sink which follows Write and Withdraw arrives at the
// summary, whatever a script does. The scripts are all sequences of three
// validations of one line, with all ways to hand over two of their results.
func TestReviser(t *testing.T) {
	var choices []attempt
	for _, names := range []string{"s d", "t d", "s e"} {
		source, destination, _ := strings.Cut(names, " ")
		choices = append(choices, attempt{source, destination, validate.Pass}, attempt{source, destination, validate.Fail})
	}
	for code := range len(choices) * len(choices) * len(choices) * 16 {
		sink := &revised{map[identity]validate.Status{}}
		e := New(Options{Registry: fakeRegistry(mirrored), Jobs: 1, Sinks: []Sink{sink}, Stop: func(error) {}})
		rest := code
		take := func(n int) int { taken := rest % n; rest /= n; return taken }
		var results []*Packed
		for i := range 3 {
			a := choices[take(len(choices))]
			image := imagelist.Image{List: "l", Number: 1, Source: a.source, Destination: a.destination, Tag: "1"}
			result := &Result{Image: new(image), Status: a.status, sequence: uint32(i + 1)}
			e.collector.record(result)
			packed := result.Pack()
			results = append(results, &packed)
		}
		for range 2 { // 3 is no result
			if i := take(4); i < 3 {
				e.HandOver(results[i : i+1])
			}
		}
		summary, err := e.Close(nil)
		if err != nil {
			t.Fatal(err)
		}
		counts := map[validate.Status]int{}
		for _, status := range sink.latest {
			counts[status]++
		}
		if len(sink.latest) != summary.Images || counts[validate.Pass] != summary.Status[validate.Pass] || counts[validate.Fail] != summary.Status[validate.Fail] {
			t.Fatalf("case %d: the sink has %v, the summary %+v", code, sink.latest, summary)
		}
	}
}
