package rehearsal

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"mvrun/cmd/mvrun/internal/job"
)

// The report of "mvrun test" has the same form as that of "go test".

// test is one test and its outcome.
type test struct {
	name           string
	file           *testFile
	err            error
	transcript     string // the output of the test, and the logs of the scripts that it ran
	started, ended time.Time
	finished       bool
}

// testFile is a file of tests.
type testFile struct {
	path     string
	err      error // why no test of the file can run, or nil
	declared int   // how many tests the file has, including those that --run leaves out
	tests    []*test
}

// report writes the outcome of each file, in the order of the files, as soon as
// all tests of the file are finished.
type report struct {
	w                 io.Writer
	verbose, filtered bool

	mu    sync.Mutex
	files []*testFile
	shown int // how many files were written
}

func (r *report) add(file *testFile) { r.files = append(r.files, file) }

// done marks a test as finished.
func (r *report) done(t *test) {
	r.mu.Lock()
	t.finished = true
	r.mu.Unlock()
	r.flush()
}

// flush writes the files whose tests are all finished.
func (r *report) flush() {
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

func (r *report) write(f *testFile) {
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
			fmt.Fprint(r.w, Indent(t.err.Error()))
		}
		if transcript := t.transcript; transcript != "" {
			if !r.verbose {
				transcript = excerpt(transcript)
			}
			fmt.Fprint(r.w, Indent(transcript))
		}
	}
	switch {
	case f.declared == 0:
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

// elapsed returns the time from the start of the first test to the end of the
// last.
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

func (r *report) total() int {
	n := 0
	for _, f := range r.files {
		n += len(f.tests)
	}
	return n
}

func (r *report) unfinished() int {
	n := 0
	for _, f := range r.files {
		n += f.unfinished()
	}
	return n
}

// end writes the last line of the report, and returns the exit status.
func (r *report) end() (int, error) {
	status := job.ExitOK
	for _, f := range r.files {
		switch {
		case f.err != nil:
			status = job.ExitUsage
		case f.failed() && status == job.ExitOK:
			status = job.ExitFailed
		}
	}
	switch {
	case status != job.ExitOK:
		fmt.Fprintln(r.w, "FAIL")
	case r.total() == 0 && r.filtered:
		return 0, errors.New("no test matches --run: nothing was tested")
	case r.total() == 0:
		return 0, errors.New("there are no tests: write a function whose name begins with test_ (\"mvrun test --help\" shows one)")
	}
	return status, nil
}

// Indent returns the text with each line indented, so that it stands out from the
// text above it.
func Indent(text string) string {
	text = "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
	return strings.ReplaceAll(text, "\n    \n", "\n\n") // an empty line needs no spaces
}
