package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/sink"
	"mvrun/validate"
)

// How a run ends: what is written and said then, and its exit status.

// drainTime is how long an interrupted run waits for what is already on its
// way through a pipe, to name it in the failed list.
const drainTime = time.Second

// ending is how a run ended.
type ending struct {
	status      *int  // what main returned, if it did return an exit status
	script      error // of the script
	interactive bool
	interrupted bool
	late        bool // its --deadline was over

	summary sink.Summary
	loaded  int   // images of its lists
	lost    error // what could not be written
}

// close ends the engine, and writes the failed list of a run that its script
// did not finish. results is nil if there are none.
func (e *ending) close(run *engine.Engine, failed *failedList, results *sink.Results) {
	outcome, sinkErr := run.Close()
	e.summary = sink.Summary{Summary: outcome, Interrupted: e.interrupted, Late: e.late}
	var writeErr error
	if e.script != nil || sinkErr != nil {
		e.summary.Unchecked, writeErr = saveUnfinished(run, failed)
	}
	if writeErr != nil && results != nil && sinkErr == nil {
		writeErr = fmt.Errorf("%w; %s", writeErr, results.Holds())
	}
	e.lost = errors.Join(sinkErr, writeErr)
	if results != nil && sinkErr == nil {
		e.lost = errors.Join(e.lost, results.Close())
	}
	e.summary.FailedList, e.summary.FailedLines = failed.last, failed.lines
	e.loaded, _ = run.Total()
}

// show says what came of the run.
func (e *ending) show(c console, log *slog.Logger, asJSON bool) {
	s := e.summary
	if bad := s.Status[validate.Fail] + s.Status[validate.Error]; bad > 0 && s.FailedList == "" {
		log.Warn(fmt.Sprintf("%d of the images did not pass, and the script wrote no failed list", bad))
	}
	switch {
	case asJSON:
		s.Log(log)
	case s.Images+s.Unchecked > 0 || e.script == nil || e.interrupted || e.late:
		s.Print(c.stderr)
	}
}

// exit returns the exit status, or the error that the run ends with.
func (e *ending) exit(script string) (int, error) {
	switch {
	case e.lost != nil:
		return 0, e.lost
	case e.interrupted:
		return exitInterrupted, nil
	case e.late && e.summary.Status[validate.Fail] == 0:
		return exitUnchecked, nil // even if only the script's own end is missing
	case e.late:
		return exitFailed, nil
	case e.script != nil:
		return 0, e.script
	case e.summary.Images == 0 && !e.interactive && (e.status == nil || *e.status == 0 && e.loaded > 0): // 0 of none is no pass
		return 0, fmt.Errorf("script %s validated no image: nothing is known of the mirror", script)
	}
	return exitStatus(e.status, e.summary.Summary), nil
}

// exitStatus is what main returned, else what came of the images.
func exitStatus(returned *int, outcome engine.Summary) int {
	switch {
	case returned != nil:
		return *returned
	case outcome.Status[validate.Fail] > 0:
		return exitFailed
	case outcome.Status[validate.Error] > 0:
		return exitUnchecked
	}
	return exitOK
}

// endRest gives every image that a run did not reach in its time a result.
func endRest(run *engine.Engine, cause error, options imagelist.Options) {
	drain, stop := context.WithTimeout(context.Background(), drainTime)
	defer stop()
	run.EndRest(drain, cause, options)
}

// saveUnfinished writes the failed list of a run that its script did not
// finish: what failed, and what was not reached, of which it returns how many.
func saveUnfinished(run *engine.Engine, failed *failedList) (unchecked int, err error) {
	drain, stop := context.WithTimeout(context.Background(), drainTime)
	defer stop()
	lines, unchecked := run.UnfinishedLines(drain)
	if n, _ := run.Total(); n > 0 || len(lines) > 0 { // else nothing was begun, and an earlier list stays
		err = failed.write("", lines)
	}
	return unchecked, err
}
