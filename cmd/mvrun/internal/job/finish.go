package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mvrun/engine"
	"mvrun/validate"
)

// drainTime is how long a run that ends early waits for the lines that are on
// their way through a pipe, to name them in the failed list.
const drainTime = time.Second

// Finish ends the run after Execute. It writes the failed list if the script did
// not come to its end, lets every sink finish, and returns the exit status, or
// the error that the run ends with.
func (j *Job) Finish() (status int, err error) {
	defer j.Close()
	cause := j.cause()
	if deadline := (*engine.DeadlineError)(nil); errors.As(cause, &deadline) {
		drain, stop := context.WithTimeout(context.Background(), drainTime)
		j.engine.EndRest(drain, deadline)
		stop()
	}
	j.cancel(nil)
	summary, sinkErr := j.engine.Close(cause)
	var writeErr error
	if (cause != nil || sinkErr != nil) && !j.config.Session {
		summary.Unreached, writeErr = j.saveUnfinished(cause, sinkErr)
	}
	summary.Lists, summary.LeftOut = j.engine.CountLines() // also those that were on their way
	summary.Shard = j.config.Shard.Shard
	for _, list := range summary.Lists {
		summary.Lines += list.Part
	}
	summary.Requests, summary.Bytes = j.client.Requests(), j.client.Bytes()
	summary.FailedList, summary.FailedLines = j.failed.last, j.failed.lines

	j.logLevels()
	summary.Hints = j.hints(summary)
	status, err = j.exit(&summary)
	if lost := errors.Join(sinkErr, writeErr, j.failed.finish(), j.printed.Lost("what the script prints")); lost != nil {
		status, err = 0, lost
	}
	if status == ExitOK && err == nil && summary.Images == 0 {
		err = j.earlier.remove() // what stands there is no list of this run
	}
	summary.ExitStatus = status
	if err != nil {
		summary.ExitStatus = ExitUsage
	}
	if finishErr := j.engine.Finish(summary); finishErr != nil {
		if summary.ExitStatus == ExitUsage && err != nil {
			finishErr = errors.Join(err, finishErr)
		}
		return 0, finishErr
	}
	return status, err
}

// saveUnfinished writes the failed list of a run whose script did not come to
// its end: the lines that failed, and those that the run did not reach, of
// which it returns the number.
func (j *Job) saveUnfinished(cause, sinkErr error) (unreached int, err error) {
	drain, stop := context.WithTimeout(context.Background(), drainTime)
	defer stop()
	if _, late := errors.AsType[*engine.DeadlineError](cause); late {
		stop() // EndRest has waited, and has a result for each line that came
	}
	lines, unreached := j.engine.UnfinishedLines(drain)
	if n, _ := j.engine.Total(); n == 0 && len(lines) == 0 {
		return unreached, nil // nothing was begun, and an earlier list stays
	}
	err = j.failed.write("", lines)
	if err != nil && j.results != nil && sinkErr == nil {
		err = fmt.Errorf("%w; %s", err, j.results.Holds())
	}
	return unreached, err
}

// exit returns the exit status, or the error of the script. It adds to the
// summary what the results alone and the script say.
func (j *Job) exit(s *engine.Summary) (status int, err error) {
	s.OwnStatus, s.ScriptStatus = s.StatusOfResults(), j.status
	switch {
	case s.Interrupted() && !j.config.Session:
		return ExitInterrupted, nil
	case s.Deadline() != nil && s.OwnStatus == ExitOK:
		return ExitUnchecked, nil // only the script's own end is missing
	case s.Deadline() != nil:
		return s.OwnStatus, nil
	case j.err != nil:
		return 0, j.err
	case j.validatedNothing(*s) && !j.isEmptyPart(*s):
		return 0, fmt.Errorf("script %s validated no image: nothing is known of the mirror", j.config.Script.Name)
	case j.status != nil && *j.status == ExitOK && checkedNothing(*s):
		return ExitUnchecked, nil // of no image anything is known
	case j.status != nil:
		return *j.status, nil
	}
	return s.OwnStatus, nil
}

// checkedNothing reports whether no image at all passed, failed or was skipped, although
// some were validated.
func checkedNothing(s engine.Summary) bool {
	return s.Images > 0 && s.Status[validate.Error] == s.Images
}

// validatedNothing reports whether a run ends without a result although it
// should have one: zero comparisons are never a pass. A script that returned its own
// status without ever loading a list may have had other work, unless the user has named
// a list.
func (j *Job) validatedNothing(s engine.Summary) bool {
	if s.Images > 0 || j.config.Session || j.lists.interactive() {
		return false
	}
	loaded, _ := j.engine.Total()
	return j.status == nil || *j.status == ExitOK && (loaded > 0 || j.config.List != "")
}
