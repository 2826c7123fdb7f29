package results

import (
	"errors"
	"slices"
	"time"

	"mvrun/engine"
)

// This file finds out what the ends of the parts say of the whole run.

// addEnds adds to the summary what the ends of the parts say.
func (o *Outcome) addEnds() {
	s := &o.Summary
	var finished time.Time
	s.Started = o.Header.Started
	for i, part := range o.Parts {
		end := part.End
		if end == nil {
			continue
		}
		began := end.Finished.Add(-time.Duration(end.DurationMS) * time.Millisecond)
		if i == 0 || began.Before(s.Started) {
			s.Started = began // of the last process of a run that was taken up
		}
		if end.Finished.After(finished) {
			finished = end.Finished
		}
		s.Lines += end.Lines
		s.LeftOut += end.LeftOut + end.Unchecked
		s.Unreached += end.Unchecked
		s.Requests += end.Requests
		s.Bytes += end.Bytes
		s.Earlier += end.Earlier
		if s.Cause == nil {
			s.Cause = causeOf(end)
		}
	}
	if slices.ContainsFunc(o.Parts, func(p Part) bool { return p.End == nil }) { // its last result tells how long it ran
		for result := range o.Results() {
			if ended := result.Started.Add(result.Duration); ended.After(finished) {
				finished = ended
			}
		}
	}
	if finished.After(s.Started) {
		s.Elapsed = finished.Sub(s.Started)
	}
	s.Lists = listsOf(o.Parts)
	s.OwnStatus = s.StatusOfResults()
	s.ExitStatus = s.OwnStatus
	if end := o.Parts[0].End; len(o.Parts) == 1 && end != nil {
		s.OwnStatus, s.ExitStatus, s.ScriptStatus = end.OwnStatus, end.Status, end.ScriptStatus
		s.FailedList, s.FailedLines = end.FailedList, end.FailedLines
	}
}

// setStatus sets the exit status of a merged run: that of the results, or the worst one
// that the script gave its parts, if the script gave one to every part. A script that gives
// a status only to some parts cannot make the run better than its results.
func (o *Outcome) setStatus() {
	s := &o.Summary
	s.OwnStatus, s.ScriptStatus = s.StatusOfResults(), nil
	s.ExitStatus = s.OwnStatus
	worst, scripts := severest(o.Parts), 0
	for _, part := range o.Parts {
		if part.End != nil && part.End.ScriptStatus != nil {
			scripts++
		}
	}
	switch {
	case scripts == len(o.Parts):
		s.ScriptStatus, s.ExitStatus = &worst, worst
	case engine.IsWorse(worst, s.ExitStatus):
		s.ExitStatus = worst // the script failed in a part, or returned a status only there
	}
	o.raise()
}

// severest returns the worst exit status of the parts, but for those that were interrupted.
func severest(parts []Part) int {
	worst := engine.ExitOK
	for _, part := range parts {
		if part.End != nil && part.End.Status != engine.ExitInterrupted && engine.IsWorse(part.End.Status, worst) {
			worst = part.End.Status
		}
	}
	return worst
}

// raise makes sure that the exit status of a run which is not whole says so.
func (o *Outcome) raise() {
	if len(o.Notices) > 0 && engine.IsWorse(engine.ExitUnchecked, o.Summary.ExitStatus) {
		o.Summary.ExitStatus = engine.ExitUnchecked
	}
}

// Causes of an end before the script came to its own.
const (
	causeInterrupted = "interrupted"
	causeDeadline    = "deadline"
	causeScript      = "script"
)

// causeOf returns the cause of the end of a part, or nil.
func causeOf(end *End) error {
	switch text(end.Cause) {
	case "":
		return nil
	case causeInterrupted:
		return engine.ErrInterrupted
	case causeDeadline:
		return &engine.DeadlineError{}
	}
	return errors.New("the script failed")
}

// listsOf returns the lists that the parts have read, in the order in which the run read
// them. Of each it counts the lines of all parts. A script may read one list in two ways:
// then the list has two places.
func listsOf(parts []Part) []engine.ListCount {
	type reading struct {
		name string
		nth  int
	}
	var lists []engine.ListCount
	places := map[reading]int{}
	for _, part := range parts {
		if part.End == nil {
			continue
		}
		read := map[string]int{} // how many times the part has read the list of a name
		for _, list := range part.End.Lists {
			read[list.Name]++
			key := reading{list.Name, read[list.Name]}
			at, known := places[key]
			if !known {
				at = len(lists)
				places[key] = at
				lists = append(lists, engine.ListCount{Name: list.Name, SHA256: text(list.SHA256)})
			}
			lists[at].Lines, lists[at].Part = max(lists[at].Lines, list.Lines), lists[at].Part+list.Part
		}
	}
	return lists
}
