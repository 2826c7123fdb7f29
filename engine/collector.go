package engine

import (
	"errors"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Sink gets every result, from one goroutine. An error stops the run.
type Sink interface {
	Write(*Result) error
}

// Finisher is a sink that has something to do when the run is over: a report
// writes its file, a progress bar disappears. Finish is called once, after the
// last Write, in the order of the sinks, also if the run was interrupted or
// another sink failed.
type Finisher interface {
	Sink
	Finish(Summary) error
}

// Summary is the outcome of a run. Engine.Close fills in the counts of images;
// the caller adds the rest before Engine.Finish hands the summary to the sinks.
type Summary struct {
	Images  int
	Status  map[validate.Status]int
	Reasons map[validate.Status]map[validate.Reason]int
	Matches map[validate.Match]int // of images that passed
	Waived  int                    // images accepted in spite of their result; not counted above
	Earlier int                    // images whose result is an earlier run's; counted above
	Elapsed time.Duration

	Cause       error // of an end before the script's own end, nil otherwise
	Requests    int   // HTTP requests that were sent
	Bytes       int64 // bytes of blobs that were read
	Unreached   int   // images of the lists that the run did not reach
	FailedList  string
	FailedLines int // lines of FailedList, which is "" if there is none
}

// Interrupted reports whether somebody ended the run, by Ctrl-C for instance.
func (s Summary) Interrupted() bool { return errors.Is(s.Cause, ErrInterrupted) }

// Deadline returns the deadline that ended the run, or nil.
func (s Summary) Deadline() *DeadlineError {
	var deadline *DeadlineError
	errors.As(s.Cause, &deadline)
	return deadline
}

// collector is the goroutine that gets every result. It hands the results to the
// sinks, and remembers of every image what the summary and the lists of lines
// need.
type collector struct {
	results chan *Result
	barrier chan chan struct{}
	stopped chan struct{}
	sinks   []Sink
	stop    func(error)

	// Only the goroutine uses the following until stopped is closed.
	started time.Time
	latest  map[key]entry           // of every image
	loose   map[key]imagelist.Image // the images of no list whose latest result is not OK
	kinds   numbered[outcome]
	lists   numbered[string] // names of lists; "" stands for no list
	err     error
}

// entry is everything that is kept of an image. It is small, since a run may
// have hundreds of thousands of images: the numbers of its outcome and its list,
// and the image's own number in that list.
type entry struct{ kind, list, number uint32 }

// numbered gives every distinct value a number, so that equal values are kept once.
type numbered[T comparable] struct {
	numbers map[T]uint32
	values  []T
}

func (n *numbered[T]) of(value T) uint32 {
	number, ok := n.numbers[value]
	if !ok {
		number = uint32(len(n.values))
		n.numbers[value] = number
		n.values = append(n.values, value)
	}
	return number
}

func (c *collector) outcome(e entry) outcome { return c.kinds.values[e.kind] }
func (c *collector) line(e entry) lineKey    { return lineKey{c.lists.values[e.list], int(e.number)} }

// outcome is everything that is kept of a result. Many results have the same one.
type outcome struct {
	status  validate.Status
	reason  validate.Reason
	match   validate.Match
	waived  bool
	earlier bool
}

func outcomeOf(r *Result) outcome {
	return outcome{r.Status, r.Reason, r.Match, r.Waived != "", r.Earlier}
}

// ok reports whether the image needs no further attention.
func (o outcome) ok() bool {
	return o.waived || o.status == validate.Pass || o.status == validate.Skip
}

// collect starts a collector. stop is called if a sink fails.
func collect(sinks []Sink, stop func(error)) *collector {
	c := &collector{
		results: make(chan *Result, 64),
		barrier: make(chan chan struct{}),
		stopped: make(chan struct{}),
		sinks:   sinks,
		stop:    stop,
		started: time.Now(),
		latest:  map[key]entry{},
		loose:   map[key]imagelist.Image{},
		kinds:   numbered[outcome]{numbers: map[outcome]uint32{}},
		lists:   numbered[string]{numbers: map[string]uint32{}},
	}
	go c.run()
	return c
}

// run takes results until the channel is closed. Whoever sends to barrier gets an
// answer when all results are taken that were sent before.
func (c *collector) run() {
	defer close(c.stopped)
	for {
		select {
		case result, ok := <-c.results:
			if !ok {
				return
			}
			c.take(result)
		case done := <-c.barrier:
			for range len(c.results) {
				c.take(<-c.results)
			}
			close(done)
		}
	}
}

// take remembers a result and hands it to the sinks, unless a sink has failed.
func (c *collector) take(result *Result) {
	o, key := outcomeOf(result), identify(result.Image).key()
	c.latest[key] = entry{c.kinds.of(o), c.lists.of(result.Image.List), uint32(result.Image.Number)}
	if result.Image.List == "" {
		c.loose[key] = result.Image
		if o.ok() {
			delete(c.loose, key)
		}
	}
	for _, sink := range c.sinks {
		if c.err != nil {
			return
		}
		if c.err = sink.Write(result); c.err != nil {
			c.stop(c.err)
		}
	}
}

func (c *collector) record(result *Result) { c.results <- result }

// sync returns when the sinks have got every result that was recorded before.
func (c *collector) sync() {
	done := make(chan struct{})
	c.barrier <- done
	<-done
}

// close waits for the sinks, and returns the counts and the error of a sink.
func (c *collector) close() (Summary, error) {
	close(c.results)
	<-c.stopped
	s := Summary{
		Images:  len(c.latest),
		Status:  map[validate.Status]int{},
		Reasons: map[validate.Status]map[validate.Reason]int{},
		Matches: map[validate.Match]int{},
		Elapsed: time.Since(c.started),
	}
	for _, e := range c.latest {
		o := c.outcome(e)
		if o.earlier {
			s.Earlier++
		}
		if o.waived {
			s.Waived++
			continue
		}
		s.Status[o.status]++
		if o.match != "" {
			s.Matches[o.match]++
		}
		if o.reason != "" {
			if s.Reasons[o.status] == nil {
				s.Reasons[o.status] = map[validate.Reason]int{}
			}
			s.Reasons[o.status][o.reason]++
		}
	}
	return s, c.err
}
