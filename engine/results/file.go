package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"mvrun/engine"
	"mvrun/validate"
)

// Header is the first line of a results file.
type Header struct {
	Version string         `json:"mvrun"`
	Script  string         `json:"script"`
	Program string         `json:"script_sha256"` // of the script and its modules
	List    string         `json:"list"`          // name of the list, "" if the script names its own
	SHA256  string         `json:"sha256"`        // of the list; "" if the list is a stream
	Flags   map[string]any `json:"flags"`
	Started time.Time      `json:"started"`

	// Deciding are the names of the Flags that verdicts depend on: a run with
	// another value of one of these does not go on from this file.
	Deciding []string `json:"-"`
}

// Record is each line after the header.
type Record struct {
	Number      int                        `json:"number"`
	LineNumber  int                        `json:"line_number"`
	Line        string                     `json:"line"`
	Source      string                     `json:"source"`
	Destination string                     `json:"destination"`
	Tag         string                     `json:"tag"`
	Status      validate.Status            `json:"status"`
	Reason      validate.Reason            `json:"reason"`
	Message     string                     `json:"message"`
	Match       validate.Match             `json:"match"`
	Platforms   []validate.PlatformVerdict `json:"platforms"`
	Attempts    int                        `json:"attempts"`
	Requests    int                        `json:"requests"`
	Started     time.Time                  `json:"started"`
	DurationMS  int64                      `json:"duration_ms"`
	Waived      string                     `json:"waived"` // why the result is accepted; "" if it is not waived
}

// Hints are the names under which the user knows the file and the way to go on
// from it, for messages: "--results" and "--resume", for instance.
type Hints struct{ File, Resume string }

// theFile names the results file in an error about it.
func (h Hints) theFile() string { return "the results file" + h.mark() }

// mark names the user's setting behind a path.
func (h Hints) mark() string {
	if h.File == "" {
		return ""
	}
	return " (" + h.File + ")"
}

// another is the advice to choose another path.
func (h Hints) another() string {
	if h.File == "" {
		return "give the results file another name"
	}
	return "give " + h.File + " another name"
}

// File is the sink that appends records to a results file.
type File struct {
	file    *os.File
	hints   Hints
	encoder *json.Encoder
	regular bool // the file can be read again: it is no pipe or device
	records int  // records that the file holds
	failed  bool // a record could not be written
	closed  bool
}

// Create begins a results file. It replaces the file of an earlier run over the
// same list, and refuses to touch any other file that exists.
func Create(path string, header Header, hints Hints) (*File, error) {
	if err := checkReplaceable(path, header, hints); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("creating %s: %w", hints.theFile(), err)
	}
	f := newFile(file, hints)
	if err := f.lock(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if f.regular {
		err = file.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("emptying %s: %w", hints.theFile(), err), file.Close())
	}
	if err := f.encoder.Encode(header); err != nil {
		return nil, errors.Join(f.writeError(err), file.Close())
	}
	return f, nil
}

func newFile(file *os.File, hints Hints) *File {
	f := &File{file: file, hints: hints, encoder: json.NewEncoder(file)}
	f.encoder.SetEscapeHTML(false)
	info, err := file.Stat()
	f.regular = err == nil && info.Mode().IsRegular()
	return f
}

// lock makes sure that no other run writes to the file until this process has
// closed it or ended. A file system without locks cannot be protected.
func (f *File) lock() error {
	if f.regular && lockedByAnother(f.file) {
		return fmt.Errorf("another run is writing to %s%s: let it end, or give another name", f.file.Name(), f.hints.mark())
	}
	return nil
}

// writeError explains that a record could not be written.
func (f *File) writeError(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err // the message names the file already
	}
	f.failed = true
	return fmt.Errorf("writing the results to %s%s: %w; %s", f.file.Name(), f.hints.mark(), err, f.Holds())
}

// Holds says how much of the run is safe in the file.
func (f *File) Holds() string {
	held := countResults(f.records)
	switch {
	case !f.regular:
		return fmt.Sprintf("%s had been written to %s", held, f.file.Name())
	case f.records == 0:
		return f.file.Name() + " holds no result yet"
	case f.hints.Resume == "":
		return fmt.Sprintf("%s holds %s", f.file.Name(), held)
	}
	return fmt.Sprintf("%s holds %s, and %s goes on from there", f.file.Name(), held, f.hints.Resume)
}

func countResults(n int) string {
	if n == 1 {
		return "1 result"
	}
	return fmt.Sprintf("%d results", n)
}

// checkReplaceable returns an error if the file at path must not be replaced.
func checkReplaceable(path string, header Header, hints Hints) error {
	if info, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil // a pipe has nothing to lose, and opening a directory fails
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening %s: %w", hints.theFile(), err)
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s: %w", hints.theFile(), err)
	}
	var earlier Header
	if json.Unmarshal(line, &earlier) != nil || earlier.Version == "" {
		return fmt.Errorf("%s is no results file of mvrun, and would be overwritten: %s", path, hints.another())
	}
	return checkSameList(path, earlier, header, hints)
}

// checkSameList returns an error if the results in the file are of another list
// than the run's.
func checkSameList(path string, earlier, header Header, hints Hints) error {
	which := "another list"
	switch {
	case earlier.SHA256 == header.SHA256 && (header.SHA256 != "" || earlier.List == header.List):
		return nil
	case earlier.List == header.List:
		which = "this list before it changed"
	}
	return fmt.Errorf("%s holds the results of %s (%s, of %s): %s, or remove it",
		path, which, earlier.List, earlier.Started.Local().Format(time.DateTime), hints.another())
}

// Write implements engine.Sink.
func (f *File) Write(result *engine.Result) error {
	if result.Earlier {
		return nil // the file has its record already
	}
	platforms := result.Platforms
	if platforms == nil {
		platforms = []validate.PlatformVerdict{}
	}
	err := f.encoder.Encode(Record{
		Number: result.Image.Number, LineNumber: result.Image.LineNumber, Line: result.Image.Line,
		Source: result.Image.Source, Destination: result.Image.Destination, Tag: result.Image.Tag,
		Status: result.Status, Reason: result.Reason, Message: result.Message, Match: result.Match, Platforms: platforms,
		Attempts: result.Attempts, Requests: result.Requests, Started: result.Started, DurationMS: result.Duration.Milliseconds(),
		Waived: result.Waived,
	})
	if err != nil {
		return f.writeError(err)
	}
	f.records++
	return nil
}

// Finish implements engine.Finisher: it closes the file. A write that failed
// was reported already.
func (f *File) Finish(engine.Summary) error {
	if err := f.Close(); !f.failed {
		return err
	}
	return nil
}

// Close closes the file; a second call does nothing. It returns an error if the
// file was removed during the run, since its results are lost then.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	info, err := f.file.Stat()
	if err := f.file.Close(); err != nil {
		return err
	}
	if err == nil && f.regular && isRemoved(info) {
		return fmt.Errorf("%s%s was removed during the run, with the %s it held", f.file.Name(), f.hints.mark(), countResults(f.records))
	}
	return nil
}
