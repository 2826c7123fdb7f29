package results

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mvrun/engine"
)

// Merge reads the results files of a run and puts them together: one file of a whole
// run, or a file for each part of the list. It refuses files that are not of one run,
// and two files of one part. It also refuses a run of which a part is missing or has
// not ended, unless partial is true: then the Notices of the outcome say so.
func Merge(paths []string, partial bool) (*Outcome, error) {
	parts := make([]Part, len(paths))
	var reading errgroup.Group
	reading.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		reading.Go(func() error {
			part, err := readPart(path)
			if err == nil {
				parts[i] = *part
			}
			return err
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(a.index(), b.index()) })
	if err := checkOneRun(parts); err != nil {
		return nil, err
	}
	missing := missingOf(parts)
	if len(missing) > 0 && !partial {
		return nil, &IncompleteError{missing}
	}
	o, err := combine(parts)
	if err != nil {
		return nil, err
	}
	o.Notices = missing
	for _, part := range parts {
		o.Notices = append(o.Notices, part.early()...)
	}
	if len(missing) == 0 {
		if err := o.checkLines(); err != nil {
			return nil, err
		}
	}
	o.setStatus()
	return o, nil
}

// IncompleteError says what is missing of a run, or has not ended.
type IncompleteError struct{ Missing []string }

func (e *IncompleteError) Error() string { return strings.Join(e.Missing, "; ") }

// index returns which part of the list a file is of, from 1, or 0 for the whole list.
func (p Part) index() int {
	if p.Header.Shard == nil {
		return 0
	}
	return p.Header.Shard.Index
}

// name names a part in a message.
func (p Part) name() string {
	if p.Header.Shard == nil {
		return p.File
	}
	return fmt.Sprintf("part %d of %d (%s)", p.Header.Shard.Index, p.Header.Shard.Count, p.File)
}

// maxApart is how long after the first part another one of the same run may begin, if
// no id says that they belong together.
const maxApart = 24 * time.Hour

// checkOneRun returns an error unless the parts are different parts of one run.
func checkOneRun(parts []Part) error {
	first := parts[0]
	for i, part := range parts[1:] {
		if what, mine, its := difference(first.Header, part.Header); what != "" {
			return fmt.Errorf("%s and %s are not of one run: %s differs (%s and %s)", first.File, part.File, what, mine, its)
		}
		switch before := parts[i]; {
		case part.Header.Shard == nil:
			return fmt.Errorf("%s and %s are both of the whole list: name the file of one run, or those of its parts", before.File, part.File)
		case part.index() == before.index():
			return fmt.Errorf("%s and %s are both of part %d of %d: name one of them", before.File, part.File, part.index(), part.Header.Shard.Count)
		}
	}
	return checkCuts(parts)
}

// difference returns what tells the headers of two runs apart, and the values of each.
// what is "" if they may be of one run.
func difference(a, b Header) (what, first, second string) {
	count := func(h Header) string {
		if h.Shard == nil {
			return "the whole list"
		}
		return fmt.Sprint(h.Shard.Count)
	}
	lines := func(h Header) string {
		if h.ListLines == nil {
			return "not known"
		}
		return fmt.Sprint(*h.ListLines)
	}
	for _, field := range []struct{ what, a, b string }{
		{"the number of parts", count(a), count(b)},
		{"the list's SHA-256", cmp.Or(text(a.ListSHA256), "none"), cmp.Or(text(b.ListSHA256), "none")},
		{"the list's number of lines", lines(a), lines(b)},
		{"the script's SHA-256", a.ScriptSHA256, b.ScriptSHA256},
	} {
		if field.a != field.b {
			return field.what, shown(field.a), shown(field.b)
		}
	}
	if what, first, second := a.Question.difference(b.Question); what != "" {
		return "the question, in " + what + ",", first, second
	}
	switch {
	case !a.HasRandomID() && !b.HasRandomID() && a.Run != b.Run:
		return "the run's id", shown(a.RunFrom + "=" + a.Run), shown(b.RunFrom + "=" + b.Run)
	case (a.HasRandomID() || b.HasRandomID()) && a.Started.Sub(b.Started).Abs() > maxApart:
		return "the start, by more than 24 hours,", a.Started.Local().Format(time.DateTime), b.Started.Local().Format(time.DateTime)
	}
	return "", "", ""
}

// missingOf says which parts are missing, and which have not ended.
func missingOf(parts []Part) []string {
	var missing, absent []string
	if shard := parts[0].Header.Shard; shard != nil {
		for index := 1; index <= shard.Count; index++ {
			if !slices.ContainsFunc(parts, func(p Part) bool { return p.index() == index }) {
				absent = append(absent, fmt.Sprint(index))
			}
		}
		switch {
		case len(absent) == 1:
			missing = append(missing, fmt.Sprintf("part %s of %d is missing", absent[0], shard.Count))
		case len(absent) > 1:
			missing = append(missing, fmt.Sprintf("%d of %d parts are missing: %s", len(absent), shard.Count, strings.Join(absent, ", ")))
		}
	}
	for _, part := range parts {
		missing = append(missing, part.notices()...)
	}
	return missing
}

// notices says whether the run of a part did not come to its end.
func (p Part) notices() []string {
	end, name := p.End, "the run"
	if p.Header.Shard != nil {
		name = p.name()
	}
	switch {
	case end == nil:
		return []string{p.name() + " has no end: its run was killed, or is still under way"}
	case end.Status == engine.ExitInterrupted || text(end.Cause) == causeInterrupted:
		return []string{fmt.Sprintf("%s was interrupted: %s", name, notReached(end.Unchecked))}
	}
	return nil
}

// early says whether the run of a part was over before its script.
func (p Part) early() []string {
	if p.End == nil {
		return nil
	}
	where := ""
	if p.Header.Shard != nil {
		where = " in " + p.name()
	}
	rest := ""
	if p.End.Unchecked > 0 {
		rest = ": " + notReached(p.End.Unchecked)
	}
	switch text(p.End.Cause) {
	case causeDeadline:
		return []string{"the run's time was over" + where + " before all images were checked" + rest}
	case causeScript:
		return []string{"the script failed" + where + rest}
	}
	return nil
}

func notReached(lines int) string {
	if lines == 1 {
		return "1 line was not reached"
	}
	return fmt.Sprintf("%d lines were not reached", lines)
}

// checkLines returns an error unless the parts together have every line of each list
// that the run read. All parts have to be there.
func (o *Outcome) checkLines() error {
	if o.Header.Shard == nil {
		return nil
	}
	if lines := o.Header.ListLines; lines != nil && *lines != o.Summary.Lines && len(o.Summary.Lists) < 2 {
		return fmt.Errorf("the parts have %d lines together, and the list has %d: they are not the parts of one list", o.Summary.Lines, *lines)
	}
	for _, list := range o.Summary.Lists {
		if list.Part != list.Lines {
			return fmt.Errorf("the parts have %d lines of the list %s together, and it has %d: not every part has read this list, or it has changed", list.Part, list.Name, list.Lines)
		}
	}
	return nil
}
