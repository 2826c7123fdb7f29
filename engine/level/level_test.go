package level

import (
	"testing"
	"time"
)

// window returns a Window of a second in which a registry answered so many requests.
func window(answers int) Window {
	return Window{Elapsed: time.Second, Full: true, Answers: answers, Latency: 40 * time.Millisecond}
}

// slow returns the window with another latency.
func (w Window) slow(latency time.Duration) Window { w.Latency = latency; return w }

// TestNext shows which limit follows from each of several windows.
func TestNext(t *testing.T) {
	idle, refused, failing := window(100), window(100), window(100)
	idle.Full = false
	refused.Refused, failing.Failed = 20, 25
	rarely := window(100)
	rarely.Refused, rarely.Failed = 5, 20
	again := refused
	again.Elapsed = time.Second / 10
	for _, test := range []struct {
		name    string
		windows []Window
		want    []int
	}{
		{"growth brings more", []Window{window(100), window(200), window(400), window(800), window(1600)}, []int{20, 40, 80, 160, 256}},
		{"up to the ceiling", []Window{window(100), window(200), window(400), window(800), window(1600), window(2560), window(2560)}, []int{20, 40, 80, 160, 256, 256, 256}},
		{"nobody waits", []Window{idle, idle}, []int{10, 10}},
		{"growth brings half of what it could", []Window{window(100), window(150)}, []int{20, 40}},
		{"growth brings nothing, twice", []Window{window(100), window(110), window(110)}, []int{20, 20, 10}},
		{"growth brings nothing, by chance", []Window{window(100), window(110), window(200)}, []int{20, 20, 40}},
		{"a probe", []Window{window(100), window(100), window(100),
			window(100), window(100), window(100), window(100), window(100), window(100), window(100), window(100), // a rest
			window(100), window(125), window(125), window(125)},
			[]int{20, 20, 10, 10, 10, 10, 10, 10, 10, 10, 10, 12, 15, 15, 12}},
		{"429", []Window{window(100), window(200), refused}, []int{20, 40, 20}},
		{"429 soon again: the pace of requests is not found yet", []Window{window(100), window(200), refused, again, again}, []int{20, 40, 20, 20, 20}},
		{"429 after a second again", []Window{window(100), window(200), refused, refused, refused, refused}, []int{20, 40, 20, 10, 10, 10}},
		{"few 429 and few failures", []Window{window(100), rarely}, []int{20, 20}},
		{"failures", []Window{failing, failing, failing, failing}, []int{5, 2, 1, 1}},
		{"slower answers, but more of them", []Window{window(100), window(200).slow(90 * time.Millisecond)}, []int{20, 40}},
		{"slower answers, and fewer of them", []Window{window(100), window(200), window(200), window(200), window(100).slow(90 * time.Millisecond)},
			[]int{20, 40, 40, 20, 10}},
		{"faster again", []Window{window(100), failing, failing,
			window(10), window(10), window(10), window(10), window(10), window(10), window(10), window(10), window(10), window(15), window(20)},
			[]int{20, 10, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := New(256)
			for i, w := range test.windows {
				if l = l.Next(w); l.Limit != test.want[i] {
					t.Fatalf("after window %d the limit is %d, want %d: %+v", i+1, l.Limit, test.want[i], l)
				}
			}
		})
	}
	if l := New(3).Next(window(100)); l.Limit != 3 {
		t.Errorf("with a ceiling of 3 the limit is %d", l.Limit)
	}
}
