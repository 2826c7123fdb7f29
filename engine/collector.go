package engine

import (
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Sink is told every result, by one goroutine. An error stops the run.
type Sink interface {
	Write(*Result) error
}

// Summary is what came of a run.
type Summary struct {
	Images  int
	Status  map[validate.Status]int
	Reasons map[validate.Status]map[validate.Reason]int
	Matches map[validate.Match]int // of what passed
	Waived  int                    // accepted all the same; not among the others
	Earlier int                    // of all, those that an earlier run found out
	Elapsed time.Duration
}

// collector is the one goroutine that knows every result.
type collector struct {
	results chan *Result
	barrier chan chan struct{}
	stopped chan struct{}
	sinks   []Sink
	stop    func(error)

	// Below, what only the goroutine touches until it has stopped.
	started time.Time
	latest  map[imageKey]entry
	loose   map[imageKey]imagelist.Image // those of no list that are not OK
	kinds   map[outcome]*outcome         // all there are
	err     error
}

// entry is all that is kept of an image: a run may have a hundred thousand.
type entry struct {
	*outcome
	list   string // its name, "" if the image is of none
	number int
}

// outcome is all that is kept of a result; many have the same.
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

// ok says whether the image needs no further attention.
func (o outcome) ok() bool {
	return o.waived || o.status == validate.Pass || o.status == validate.Skip
}

func collect(sinks []Sink, stop func(error)) *collector {
	c := &collector{
		results: make(chan *Result, 64),
		barrier: make(chan chan struct{}),
		stopped: make(chan struct{}),
		sinks:   sinks,
		stop:    stop,
		started: time.Now(),
		latest:  map[imageKey]entry{},
		loose:   map[imageKey]imagelist.Image{},
		kinds:   map[outcome]*outcome{},
	}
	go c.run()
	return c
}

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

func (c *collector) take(result *Result) {
	o, key := outcomeOf(result), identify(result.Image).key()
	kind, ok := c.kinds[o]
	if !ok {
		kind = &o
		c.kinds[o] = kind
	}
	c.latest[key] = entry{kind, result.Image.List, result.Image.Number}
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

func (c *collector) sync() {
	done := make(chan struct{})
	c.barrier <- done
	<-done
}

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
	for _, o := range c.latest {
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
