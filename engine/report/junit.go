package report

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"strconv"
	"strings"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/report/junit"
	"mvrun/engine/results"
	"mvrun/validate"
)

// writeJUnit writes a suite with a case for each image. A run that is not whole has one
// more case in front, which is an error: a reader who sees only counts must not take the
// run for a good one.
func writeJUnit(w io.Writer, outcome *results.Outcome, options Options) error {
	s := outcome.Summary
	counts := junit.Counts{
		Tests: s.Images, Failures: s.Status[validate.Fail], Errors: s.Status[validate.Error], Skipped: s.Status[validate.Skip] + s.Waived,
		Time: junit.Seconds(s.Elapsed),
	}
	if len(notices(outcome)) > 0 {
		counts.Tests++
		counts.Errors++
	}
	suite := junit.Suite{
		Name: clean(cmp.Or(outcome.Header.List, outcome.Header.Script), maxLine), Started: s.Started,
		Counts: counts, Properties: properties(outcome), Cases: cases(outcome, options),
	}
	if err := junit.Write(w, counts, []junit.Suite{suite}); err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	return nil
}

// properties returns which run a suite is of, and how it ended.
func properties(outcome *results.Outcome) []junit.Property {
	header, s := outcome.Header, outcome.Summary
	var all []junit.Property
	add := func(name string, value any) {
		if text := clean(fmt.Sprint(value), maxText); text != "" {
			all = append(all, junit.Property{Name: name, Value: text})
		}
	}
	for _, notice := range notices(outcome) {
		add("notice", notice)
	}
	add("exit_status", strconv.Itoa(s.ExitStatus))
	add("own_status", strconv.Itoa(s.OwnStatus)) // by the results alone, as the results file calls it
	add("version", header.Version)
	add("run", header.Run)
	add("list", header.List)
	if header.ListSHA256 != nil {
		add("list_sha256", *header.ListSHA256)
	}
	add("script", header.Script)
	add("script_sha256", header.ScriptSHA256)
	q := header.Question
	add("rules", q.Rules)
	add("depth", q.Depth)
	add("sample", q.Sample)
	add("arch", strings.Join(q.Arch, ","))
	add("os", strings.Join(q.OS, ","))
	for _, part := range outcome.Parts {
		if shard := part.Header.Shard; shard != nil {
			add("part", fmt.Sprintf("%d of %d: %s", shard.Index, shard.Count, part.File))
		}
	}
	add("waived", s.Waived)
	add("left_out", s.LeftOut-s.Unreached)
	add("unchecked", s.Unreached)
	return all
}

// cases returns the cases of a suite, one after the other.
func cases(outcome *results.Outcome, options Options) iter.Seq[junit.Case] {
	return func(yield func(junit.Case) bool) {
		at := newPlaces(outcome, options)
		if all := notices(outcome); len(all) > 0 {
			place := at.ofRun()
			text := strings.Join(all, "\n")
			whole := junit.Case{ClassName: "mvrun", Name: "the whole run", File: place.path, Line: place.line, Time: junit.Seconds(0),
				Error: &junit.Detail{Message: all[0], Type: string(ofRun), Text: text}}
			if !yield(whole) {
				return
			}
		}
		names := newCaseNames()
		for result := range outcome.Results() {
			place := at.of(result.Image)
			className := clean(cmp.Or(result.Image.Destination, place.path), maxLine)
			testCase := junit.Case{ClassName: className, Name: names.of(className, result.Image), File: place.path, Line: place.line, Time: junit.Seconds(result.Duration)}
			if len(result.Warnings) > 0 {
				testCase.Output = clean("warnings: "+strings.Join(result.Warnings, "; "), maxText)
			}
			switch statusOf(result) {
			case validate.Fail:
				testCase.Failure = detailOf(result, options)
			case validate.Error:
				testCase.Error = detailOf(result, options)
			case validate.Skip, waived:
				testCase.Skipped = detailOf(result, options)
			}
			if !yield(testCase) {
				return
			}
		}
	}
}

// caseNames gives each case a name that no other case of its class has: readers take
// cases of one name for the same test.
type caseNames struct {
	seed  maphash.Seed
	taken map[uint64]int // how many names were made of one, by a hash of the class and the name
}

func newCaseNames() caseNames { return caseNames{maphash.MakeSeed(), map[uint64]int{}} }

// of returns the name of an image's case: its tag, with the line if the tag is taken.
func (n caseNames) of(className string, image *imagelist.Image) string {
	key := func(name string) uint64 { return maphash.Comparable(n.seed, [2]string{className, name}) }
	name := clean(image.Tag, maxLine)
	if image.Destination == "" {
		name = nameOf(image)
	}
	if n.taken[key(name)] > 0 && image.LineNumber > 0 {
		name = fmt.Sprintf("%s (line %d)", name, image.LineNumber)
	}
	first := name
	for n.taken[key(name)] > 0 {
		n.taken[key(first)]++
		name = fmt.Sprintf("%s (%d)", first, n.taken[key(first)])
	}
	n.taken[key(name)] = 1
	return name
}

// detailOf says why an image did not pass.
func detailOf(r *engine.Result, options Options) *junit.Detail {
	message := said(r, maxText)
	if r.Waived != "" {
		message = clean("waived: "+r.Waived+"; "+message, maxText)
	}
	var text strings.Builder
	fmt.Fprintln(&text, message)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%s: %s\n", name, value)
		}
	}
	row("source", strings.TrimSpace(sourceOf(r.Image)+" "+clean(r.SourceDigest, maxCell)))
	row("destination", strings.TrimSpace(destinationOf(r.Image)+" "+clean(r.DestinationDigest, maxCell)))
	for _, p := range r.Platforms[:min(len(r.Platforms), maxPlatforms)] {
		if p.Wanted && p.Reason != "" {
			row(clean(p.Platform, maxCell), clean(string(p.Reason)+": "+p.Message, maxCell))
		}
	}
	row("line", lineOf(r.Image))
	row("what to do", clean(options.Advice[r.Reason], maxText))
	return &junit.Detail{Message: clean(message, maxCell), Type: clean(string(r.Reason), maxCell), Text: text.String()}
}

// maxPlatforms is how many platforms of an image a report shows.
const maxPlatforms = 50
