package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// What "mvrun test" says, in the words of "go test".

// test is one test, and what came of it.
type test struct {
	name           string
	file           *testFile
	err            error
	transcript     string // what it printed, and the logs of what it ran
	started, ended time.Time
	finished       bool
}

// testFile is a file of tests.
type testFile struct {
	path     string
	err      error // why its tests cannot be run
	declares int   // how many tests it has, before --run
	tests    []*test
}

// testReport writes what came of each file, as soon as it is known of that
// file and of those before it.
type testReport struct {
	w                 io.Writer
	verbose, filtered bool

	mu    sync.Mutex
	files []*testFile
	shown int // how many of them
}

func (r *testReport) add(file *testFile) { r.files = append(r.files, file) }

// done notes that a test is finished.
func (r *testReport) done(t *test) {
	r.mu.Lock()
	t.finished = true
	r.mu.Unlock()
	r.flush()
}

// flush writes what is complete.
func (r *testReport) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; r.shown < len(r.files) && r.files[r.shown].unfinished() == 0; r.shown++ {
		r.write(r.files[r.shown])
	}
}

func (f *testFile) unfinished() int {
	n := 0
	for _, t := range f.tests {
		if !t.finished {
			n++
		}
	}
	return n
}

func (r *testReport) write(f *testFile) {
	if f.err != nil {
		fmt.Fprintf(r.w, "%v\nFAIL\t%s\t[broken]\n", f.err, f.path)
		return
	}
	for _, t := range f.tests {
		word := "PASS"
		if t.err != nil {
			word = "FAIL"
		}
		if t.err == nil && !r.verbose {
			continue
		}
		fmt.Fprintf(r.w, "--- %s: %s (%.2fs)\n", word, t.name, t.ended.Sub(t.started).Seconds())
		if t.err != nil {
			fmt.Fprint(r.w, indent(t.err.Error()))
		}
		if t.transcript != "" {
			fmt.Fprint(r.w, indent(t.transcript))
		}
	}
	switch {
	case f.declares == 0:
		fmt.Fprintf(r.w, "?   \t%s\t[no functions test_*]\n", f.path)
	case len(f.tests) == 0:
		fmt.Fprintf(r.w, "ok  \t%s\t[no tests to run]\n", f.path)
	case f.failed():
		fmt.Fprintf(r.w, "FAIL\t%s\t%.2fs\n", f.path, f.elapsed().Seconds())
	default:
		fmt.Fprintf(r.w, "ok  \t%s\t%.2fs\n", f.path, f.elapsed().Seconds())
	}
}

func (f *testFile) failed() bool {
	for _, t := range f.tests {
		if t.err != nil {
			return true
		}
	}
	return false
}

// elapsed is the time from the start of the first test to the end of the last.
func (f *testFile) elapsed() time.Duration {
	first, last := f.tests[0].started, f.tests[0].ended
	for _, t := range f.tests {
		if t.started.Before(first) {
			first = t.started
		}
		if t.ended.After(last) {
			last = t.ended
		}
	}
	return last.Sub(first)
}

func (r *testReport) total() int {
	n := 0
	for _, f := range r.files {
		n += len(f.tests)
	}
	return n
}

func (r *testReport) unfinished() int {
	n := 0
	for _, f := range r.files {
		n += f.unfinished()
	}
	return n
}

// end writes the last word and returns the exit status.
func (r *testReport) end() (int, error) {
	status := exitOK
	for _, f := range r.files {
		switch {
		case f.err != nil:
			status = exitUsage
		case f.failed() && status == exitOK:
			status = exitFailed
		}
	}
	switch {
	case status != exitOK:
		fmt.Fprintln(r.w, "FAIL")
	case r.total() == 0 && r.filtered:
		return 0, errors.New("no test matches --run: nothing was tested")
	case r.total() == 0:
		return 0, errors.New("there are no tests: write a function whose name begins with test_ (\"mvrun test --help\" shows one)")
	}
	return status, nil
}

// indent sets text off from what is above it.
func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}
