package sink

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"mvrun/engine"
	"mvrun/validate"
)

// The results file: a line that says what run it is of, then one an image.

// Run is the first line of a results file.
type Run struct {
	Version string         `json:"mvrun"`
	Script  string         `json:"script"`
	Program string         `json:"script_sha256"`
	List    string         `json:"list"`   // "" if the script names its own
	SHA256  string         `json:"sha256"` // of the list; "" if it is a stream
	Flags   map[string]any `json:"flags"`
	Started time.Time      `json:"started"`
}

// Record is each line after it.
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
	Waived      string                     `json:"waived"` // the reason, "" if it was not
}

// Results is the sink that appends to a results file. Every record is written
// as a whole before the run goes on: what the file says survives the process.
type Results struct {
	file    *os.File
	encoder *json.Encoder
	regular bool // it can be read again
	records int  // that it holds
}

// CreateResults begins a results file. It replaces one of an earlier run over
// the same list, and refuses to touch anything else.
func CreateResults(path string, run Run) (*Results, error) {
	if err := checkEarlier(path, run); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("creating the results file (--results): %w", err)
	}
	r := newResults(file)
	if err := r.own(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if r.regular {
		err = file.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("emptying the results file (--results): %w", err), file.Close())
	}
	if err := r.encoder.Encode(run); err != nil {
		return nil, errors.Join(r.lost(err), file.Close())
	}
	return r, nil
}

func newResults(file *os.File) *Results {
	r := &Results{file: file, encoder: json.NewEncoder(file)}
	r.encoder.SetEscapeHTML(false)
	info, err := file.Stat()
	r.regular = err == nil && info.Mode().IsRegular()
	return r
}

// own makes sure that no other run writes to the file until this one ends,
// however it ends. Where a file system knows no locks it has to do without.
func (r *Results) own() error {
	if !r.regular {
		return nil
	}
	if err := syscall.Flock(int(r.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("another run is writing to %s (--results): let it end, or give another name", r.file.Name())
	}
	return nil
}

// lost is the error of a record that could not be written.
func (r *Results) lost(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err // the name is said here
	}
	return fmt.Errorf("writing the results to %s (--results): %w; %s", r.file.Name(), err, r.Holds())
}

// Holds says what of the run is safe in the file.
func (r *Results) Holds() string {
	held := count(r.records, "result")
	switch {
	case !r.regular:
		return fmt.Sprintf("%s had been written to %s", held, r.file.Name())
	case r.records == 0:
		return fmt.Sprintf("%s holds no result yet", r.file.Name())
	}
	return fmt.Sprintf("%s holds %s, and --resume goes on from there", r.file.Name(), held)
}

// checkEarlier says why the file at path must not be replaced.
func checkEarlier(path string, run Run) error {
	if info, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil // a pipe has nothing to lose, and a directory fails by itself
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the results file (--results): %w", err)
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadBytes('\n')
	if err == io.EOF && len(line) == 0 {
		return nil
	}
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading the results file (--results): %w", err)
	}
	var earlier Run
	if json.Unmarshal(line, &earlier) != nil || earlier.Version == "" {
		return fmt.Errorf("%s is no results file of mvrun, and would be overwritten: give --results another name", path)
	}
	return checkSameList(path, earlier, run)
}

// checkSameList says why results are not of the list that is to be validated.
func checkSameList(path string, earlier, run Run) error {
	what := "another list"
	switch {
	case earlier.SHA256 == run.SHA256 && (run.SHA256 != "" || earlier.List == run.List):
		return nil
	case earlier.List == run.List:
		what = "this list before it changed"
	}
	return fmt.Errorf("%s holds the results of %s (%s, of %s): give --results another name, or remove it",
		path, what, earlier.List, earlier.Started.Local().Format(time.DateTime))
}

// Write implements engine.Sink.
func (r *Results) Write(result *engine.Result) error {
	if result.Earlier {
		return nil // it is there
	}
	platforms := result.Platforms
	if platforms == nil {
		platforms = []validate.PlatformVerdict{}
	}
	err := r.encoder.Encode(Record{
		Number: result.Image.Number, LineNumber: result.Image.LineNumber, Line: result.Image.Line,
		Source: result.Image.Source, Destination: result.Image.Destination, Tag: result.Image.Tag,
		Status: result.Status, Reason: result.Reason, Message: result.Message, Match: result.Match, Platforms: platforms,
		Attempts: result.Attempts, Requests: result.Requests, Started: result.Started, DurationMS: result.Duration.Milliseconds(),
		Waived: result.Waived,
	})
	if err != nil {
		return r.lost(err)
	}
	r.records++
	return nil
}

// Close closes the file. It is an error if the file was removed meanwhile:
// what was written is gone.
func (r *Results) Close() error {
	info, err := r.file.Stat()
	if err := r.file.Close(); err != nil {
		return err
	}
	if err == nil && r.regular {
		if file, ok := info.Sys().(*syscall.Stat_t); ok && file.Nlink == 0 {
			return fmt.Errorf("%s (--results) was removed during the run, with the %s it held", r.file.Name(), count(r.records, "result"))
		}
	}
	return nil
}
