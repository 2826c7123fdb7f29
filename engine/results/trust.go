package results

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// This file looks for values in a results file that no run writes. Such a file was changed
// or damaged, and a report of it could say that a bad run is a good one.

// check returns an error if no run writes such a header.
func (h Header) check() error {
	s := h.Shard
	if s != nil && (s.Count < 1 || s.Count > imagelist.MaxParts || s.Index < 1 || s.Index > s.Count) {
		return fmt.Errorf("shard: there is no part %d of %d", s.Index, s.Count)
	}
	return checkCounts([]counted{{"list_lines", orZero(h.ListLines), maxCounted}})
}

// statuses are the statuses that an image can have.
var statuses = []validate.Status{validate.Pass, validate.Fail, validate.Skip, validate.Error}

// check returns an error if no run writes such a record.
func (r *Record) check() error {
	switch {
	case r.Type != TypeImage:
		return errors.New("the line has two types")
	case !slices.Contains(statuses, r.Status):
		return fmt.Errorf("status: %.40q is none of %q", r.Status, statuses)
	}
	return checkCounts([]counted{
		{"number", int64(r.Number), maxCounted}, {"line_number", int64(r.LineNumber), maxCounted}, {"part", int64(r.Part), maxCounted},
		{"attempts", int64(r.Attempts), maxCounted}, {"requests", int64(r.Requests), maxCounted}, {"duration_ms", r.DurationMS, maxMilliseconds},
	})
}

// check returns an error if no run writes such an end.
func (e *End) check() error {
	if e.Status < 0 || e.Status > 255 {
		return fmt.Errorf("status: %d is no exit status", e.Status)
	}
	for _, list := range e.Lists {
		if err := checkCounts([]counted{{"lines", int64(list.Lines), maxCounted}, {"part", int64(list.Part), int64(list.Lines)}}); err != nil {
			return fmt.Errorf("lists: %w", err)
		}
	}
	return checkCounts([]counted{
		{"lines", int64(e.Lines), maxCounted}, {"left_out", int64(e.LeftOut), maxCounted}, {"unchecked", int64(e.Unchecked), maxCounted},
		{"earlier", int64(e.Earlier), maxCounted}, {"requests", int64(e.Requests), maxCounted}, {"bytes", e.Bytes, maxCounted},
		{"failed_lines", int64(e.FailedLines), maxCounted}, {"duration_ms", e.DurationMS, maxMilliseconds},
	})
}

// counted is a field with a number that is at least 0.
type counted struct {
	name    string
	n, most int64
}

// The bounds leave room to add up the numbers of all parts, and to make nanoseconds of
// milliseconds.
const (
	maxCounted      = 1 << 49
	maxMilliseconds = 1 << 43
)

func checkCounts(fields []counted) error {
	for _, f := range fields {
		if f.n < 0 || f.n > f.most {
			return fmt.Errorf("%s: %d is not between 0 and %d", f.name, f.n, f.most)
		}
	}
	return nil
}

func orZero(n *int) int64 {
	if n == nil {
		return 0
	}
	return int64(*n)
}

// checkEnd returns an error unless the results are those that the end of the file counts.
// A file that has lost some of its lines must not look like a better run.
func (p *Part) checkEnd() error {
	if p.End == nil {
		return nil
	}
	held := map[validate.Status]int{}
	waived := 0
	for _, packed := range p.results {
		switch result := packed.Result(); {
		case result.Waived != "":
			waived++
		default:
			held[result.Status]++
		}
	}
	for _, count := range []struct {
		words        string
		want, counts int
	}{
		{"images", p.End.Images, len(p.results)},
		{"images that passed", p.End.Pass, held[validate.Pass]},
		{"images that failed", p.End.Fail, held[validate.Fail]},
		{"images that were skipped", p.End.Skip, held[validate.Skip]},
		{"images that could not be checked", p.End.Error, held[validate.Error]},
		{"images that were waived", p.End.Waived, waived},
	} {
		if count.want != count.counts {
			return fmt.Errorf("%s: its end counts %d %s, and it holds the results of %d: lines of it were lost or changed; validate again", p.File, count.want, count.words, count.counts)
		}
	}
	return nil
}

// shown returns a text of a file for a message, on one line and cut.
func shown(text string) string {
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
