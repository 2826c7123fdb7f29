package engine

import (
	"time"

	"mvrun/engine/imagelist"
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
	s := summarize(c.ledger.outcomes())
	s.Started, s.Elapsed, s.Cause = c.started, time.Since(c.started), cause
	s.NotHandedOver = c.ledger.unhanded
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
