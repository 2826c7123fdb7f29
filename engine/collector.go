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

// Reviser is a sink that keeps a record of each result, for a reader who has to
// arrive at the run's summary.
type Reviser interface {
	Sink
	// Withdraw says that the record of an image does not count: the script stands
	// by a result with another source, or with another destination. It is called
	// after the last result and before Finish. Write may be called again then,
	// with a result that was recorded before a later one.
	Withdraw(*imagelist.Image) error
}

// Summary is the outcome of a run. Engine.Close fills in the counts of images;
// the caller adds the rest before Engine.Finish hands the summary to the sinks.
type Summary struct {
	Images  int
	Status  map[validate.Status]int
	Reasons map[validate.Status]map[validate.Reason]int
	Matches map[validate.Match]int // of images that passed
	// Judged counts the images that passed, with the reason "", and that failed, by
	// what was asked about them.
	Judged  map[Terms]map[validate.Reason]int
	Waived  int // images accepted in spite of their result; not counted above
	Earlier int // images whose result is an earlier run's; counted above
	Started time.Time
	Elapsed time.Duration
	// NotPassed are the images that failed or could not be checked, by reason.
	NotPassed []Group
	// Lists are the lists that the script read. The run is of the part Shard of each.
	Lists   []ListCount
	Shard   imagelist.Shard
	Lines   int // lines of this part
	LeftOut int // lines of this part of which there is no result

	// NotHandedOver counts images that did not pass, and of whose lines the script
	// gave nothing to the failed list; and lines that are no images, and that the
	// script read after it had written the list.
	NotHandedOver int

	Unreached   int      // of the lines left out, those that a run which ended early did not reach
	Cause       error    // of an end before the script's own end, nil otherwise
	Requests    int      // HTTP requests that were sent
	Bytes       int64    // bytes of blobs that were read
	Hints       []string // what the user can do next, a sentence each
	FailedList  string
	FailedLines int // lines of FailedList, which is "" if there is none

	ExitStatus   int  // of the process
	OwnStatus    int  // the exit status by the results alone
	ScriptStatus *int // what the script returned, nil if it returned none
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
	closing chan struct{} // is closed by close
	stopped chan struct{}
	sinks   []Sink
	stop    func(error)

	// Only the goroutine uses the following until stopped is closed.
	started time.Time
	ledger  *ledger
	err     error
}

func collect(sinks []Sink, stop func(error)) *collector {
	c := &collector{
		results: make(chan *Result, 64),
		barrier: make(chan chan struct{}),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
		sinks:   sinks,
		stop:    stop,
		started: time.Now(),
		ledger:  newLedger(),
	}
	go c.run()
	return c
}

// takeAll takes the results that were recorded before.
func (c *collector) takeAll() {
	for range len(c.results) {
		c.take(<-c.results)
	}
}

// run takes results until close is called. Whoever sends to barrier gets an
// answer when all results are taken that were sent before.
func (c *collector) run() {
	defer close(c.stopped)
	for {
		select {
		case result := <-c.results:
			c.take(result)
		case done := <-c.barrier:
			c.takeAll()
			close(done)
		case <-c.closing:
			c.takeAll()
			return
		}
	}
}

// take hands a result to the sinks in turn, unless there is a newer one already.
func (c *collector) take(result *Result) {
	if !c.ledger.record(result) {
		return
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

// record hands a result to the collector. After close the result is dropped: only a
// script that ignored the end of its run still has one then.
func (c *collector) record(result *Result) {
	select {
	case c.results <- result:
	case <-c.closing:
	}
}

// sync returns when the sinks have got every result that was recorded before.
func (c *collector) sync() {
	done := make(chan struct{})
	c.barrier <- done
	<-done
}

// close waits until every result is recorded, tells the sinks which of their
// records do not count, and returns the counts of the run.
func (c *collector) close(cause error) (Summary, error) {
	close(c.closing)
	<-c.stopped
	c.revise(cause != nil)
	s := Summary{
		Status:  map[validate.Status]int{},
		Reasons: map[validate.Status]map[validate.Reason]int{},
		Matches: map[validate.Match]int{},
		Judged:  map[Terms]map[validate.Reason]int{},
		Started: c.started,
		Elapsed: time.Since(c.started),
		Cause:   cause,
	}
	for u := range c.ledger.counting() {
		s.count(c.ledger.outcome(u))
	}
	s.NotHandedOver, s.NotPassed = c.ledger.unhanded, c.ledger.notPassed()
	return s, c.err
}

// revise lets the sinks that keep records agree with the ledger. A sink that
// failed before gets nothing any more.
func (c *collector) revise(aborted bool) {
	again, withdrawn := c.ledger.settle(aborted)
	for _, sink := range c.sinks {
		reviser, ok := sink.(Reviser)
		if !ok || c.err != nil {
			continue
		}
		for _, image := range withdrawn {
			if c.err == nil {
				c.err = reviser.Withdraw(image)
			}
		}
		for _, result := range again {
			if c.err == nil {
				c.err = reviser.Write(result)
			}
		}
	}
}

// count adds one outcome to the summary.
func (s *Summary) count(o outcome) {
	s.Images++
	if o.earlier {
		s.Earlier++
	}
	if o.waived {
		s.Waived++
		return
	}
	s.Status[o.status]++
	if o.status == validate.Pass || o.status == validate.Fail {
		add(s.Judged, o.terms, o.reason)
	}
	if o.match != "" {
		s.Matches[o.match]++
	}
	if o.reason != "" {
		add(s.Reasons, o.status, o.reason)
	}
}

// add counts one more image of a kind, by its reason.
func add[Kind comparable](counts map[Kind]map[validate.Reason]int, kind Kind, reason validate.Reason) {
	if counts[kind] == nil {
		counts[kind] = map[validate.Reason]int{}
	}
	counts[kind][reason]++
}
