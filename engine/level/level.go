package level

import "time"

const (
	// Start is how many places a pair of registries has at first.
	Start = 10

	climb = 2.0  // the limit grows by this factor until growth brings nothing for the first time
	probe = 1.25 // after that, it is tried from time to time whether this factor brings more

	// worth is the least gain of a growth that is continued. The gain is 1 if twice the
	// places bring twice the answers, and 0 if they bring no more answers.
	worth = 0.3

	// rest is how many windows pass between two probes.
	rest = 8

	// calm is the least time between two halvings for 429: in that time the pace of
	// requests follows what the registry accepts, and places are not the cause any more.
	calm = time.Second

	// slower is by how much the mean time of an answer may exceed the shortest one.
	slower = 2
)

// Window is what was seen of a pair of registries since the last change of its Level.
type Window struct {
	Elapsed time.Duration
	Full    bool // whether an image had to wait for a place
	Answers int  // requests that were answered, or failed
	Refused int  // of these, answers 429
	Failed  int  // of these, requests without an answer, and answers 5xx
	// Latency is the mean time from sending a request to the beginning of its answer.
	Latency time.Duration
}

// rate returns how many requests were answered a second.
func (w Window) rate() float64 {
	return float64(w.Answers-w.Refused-w.Failed) / max(w.Elapsed, time.Microsecond).Seconds()
}

// isRefused reports whether so many answers are 429 that they do not come by chance.
// Whoever sends requests learns from 429 how many a second the registry accepts. So
// only a flood of them counts here.
func (w Window) isRefused() bool { return w.Refused >= 5 && w.Refused*5 >= w.Answers }

// isFailing reports whether so many requests failed that they do not fail by chance.
func (w Window) isFailing() bool { return w.Failed >= 2 && w.Failed*4 >= w.Answers }

// Level is how many images a pair of registries is asked about at once, and why.
type Level struct {
	Limit   int
	Ceiling int // the most that Limit may be

	settled bool          // whether growth has brought nothing once
	before  int           // the limit before the growth that is being judged; 0 if none is
	rate    float64       // how many requests a second were answered at that limit
	doubted bool          // whether one window said already that this growth brings nothing
	resting int           // how many windows pass before the next probe
	fastest time.Duration // the shortest Latency of a window
	since   time.Duration // the time since the limit was halved
	halved  bool          // whether it ever was
}

// New returns the first Level of a pair of registries.
func New(ceiling int) Level { return Level{Limit: min(Start, ceiling), Ceiling: ceiling} }

// Next returns the Level that follows from a Window.
func (l Level) Next(w Window) Level {
	l.since += w.Elapsed
	switch {
	case w.isRefused():
		if l.halved && l.since < calm {
			return l
		}
		return l.halve(Start)
	case w.isFailing():
		return l.halve(1)
	case !w.Full: // there was nothing to learn
		return l
	}
	if w.Latency > 0 && (l.fastest == 0 || w.Latency < l.fastest) {
		l.fastest = w.Latency
	}
	if l.before > 0 {
		return l.judge(w)
	}
	if w.Latency > slower*l.fastest && w.rate() < 0.8*l.rate {
		return l.halve(Start)
	}
	if l.resting > 0 {
		l.resting--
		return l
	}
	return l.grow(w)
}

// judge decides whether the last growth was worth it. One window may be disturbed, so
// only a second one confirms that it was not. Then the limit is as before: more requests
// under way would only wait for each other.
func (l Level) judge(w Window) Level {
	growth := float64(l.Limit)/float64(l.before) - 1
	if w.rate()/l.rate-1 >= worth*growth {
		return l.grow(w)
	}
	if !l.doubted {
		l.doubted = true
		return l
	}
	l.Limit, l.before, l.doubted = l.before, 0, false
	l.settled, l.resting = true, rest
	return l
}

// grow tries a higher limit.
func (l Level) grow(w Window) Level {
	factor := climb
	if l.settled {
		factor = probe
	}
	l.before, l.rate, l.doubted = l.Limit, max(w.rate(), 1e-3), false
	l.Limit = min(max(int(float64(l.Limit)*factor), l.Limit+1), l.Ceiling)
	if l.Limit == l.before {
		l.before, l.resting = 0, rest
	}
	return l
}

// halve halves the limit, but not below least.
func (l Level) halve(least int) Level {
	l.Limit = max(l.Limit/2, min(least, l.Limit))
	l.before, l.doubted, l.rate = 0, false, 0
	l.settled, l.resting = true, rest
	l.since, l.halved = 0, true
	return l
}
