package rehearsal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"mvrun/engine/disk"
	"mvrun/engine/report/junit"
)

// writeJUnit writes the outcome of all tests to a file in the format of JUnit. A file
// that is broken is an error of its suite, and so is a test that did not finish.
func (r *report) writeJUnit(path string) error {
	var all junit.Counts
	var suites []junit.Suite
	var total time.Duration
	for _, f := range r.files {
		suite, took := f.junit()
		suites = append(suites, suite)
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		total += took
	}
	all.Time = junit.Seconds(total)
	var text bytes.Buffer
	err := junit.Write(&text, all, suites)
	if err == nil {
		err = disk.Replace(path, text.Bytes())
	}
	if err != nil {
		return fmt.Errorf("writing the JUnit report %s: %w", path, err)
	}
	return nil
}

// junit returns the suite of a file, and how long its tests took together.
func (f *testFile) junit() (junit.Suite, time.Duration) {
	suite := junit.Suite{Name: f.path}
	var cases []junit.Case
	var total time.Duration
	add := func(c junit.Case, took time.Duration) {
		c.ClassName, c.File, c.Time = strings.TrimSuffix(f.path, ".star"), f.path, junit.Seconds(took)
		total += took
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
		cases = append(cases, c)
	}
	if f.err != nil {
		add(junit.Case{Name: "file", Error: detail("broken", f.err)}, 0)
	}
	for _, t := range f.tests {
		c := junit.Case{Name: t.name}
		switch {
		case f.err != nil:
			continue // no test of a broken file ran
		case !t.finished:
			c.Error = &junit.Detail{Message: "mvrun test was interrupted before this test was finished", Type: "interrupted"}
			add(c, 0)
			continue
		case t.err != nil:
			c.Failure = detail("failed", t.err)
			c.Output = excerpt(t.transcript)
		}
		if suite.Started.IsZero() {
			suite.Started = t.started
		}
		add(c, t.ended.Sub(t.started))
	}
	suite.Time, suite.Cases = junit.Seconds(total), slices.Values(cases)
	return suite, total
}

func detail(kind string, err error) *junit.Detail {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return &junit.Detail{Message: first, Type: kind, Text: err.Error()}
}
