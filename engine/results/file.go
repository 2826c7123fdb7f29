package results

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
)

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
	out     io.Writer
	file    *os.File // nil for standard output
	name    string
	hints   Hints
	encoder *json.Encoder
	regular bool // the file can be read again: it is no pipe or device
	records int  // records that the file holds
	failed  bool // a line could not be written
	closed  bool
	begin   func() error // writes the first line; nil once it is written
	created bool         // this run has made the file

	earlier Earlier      // the results of an earlier run
	states  []imageState // of each image in earlier, by its number
}

// imageState is what the file says of an image that an earlier run has recorded.
type imageState struct {
	pending  bool  // the image has a verdict, and this run has no result of it yet
	question int32 // number of the question of the record that counts; none for none
}

// none is the question of an image of which no record of an earlier run counts.
const none = -1

// Create begins a results file. It replaces the file of an earlier run over the
// same list, and refuses to touch any other file that exists.
func Create(path string, header Header, hints Hints) (*File, error) {
	if err := checkReplaceable(path, header, hints); err != nil {
		return nil, err
	}
	_, missing := os.Stat(path)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("creating %s: %w", hints.theFile(), err)
	}
	f := newFile(file, hints)
	f.created = errors.Is(missing, os.ErrNotExist)
	if err := f.lock(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f.beginWith(header, func() error {
		if f.regular {
			if err := file.Truncate(0); err != nil {
				return fmt.Errorf("emptying %s: %w", hints.theFile(), err)
			}
		}
		return f.writeHeader(header)
	})
}

// Stream writes results to w, which cannot be read again. name is what messages
// call w.
func Stream(w io.Writer, name string, header Header, hints Hints) (*File, error) {
	f := &File{out: w, name: name, hints: hints, encoder: newEncoder(w)}
	return f, f.writeHeader(header)
}

// writeHeader writes the first line.
func (f *File) writeHeader(header Header) error {
	header.Type, header.Format = TypeRun, Format
	return f.write(header)
}

// write writes a line.
func (f *File) write(line any) error {
	if err := f.start(); err != nil {
		return err
	}
	if err := f.encoder.Encode(line); err != nil {
		return f.writeError(err)
	}
	return nil
}

func newEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

func newFile(file *os.File, hints Hints) *File {
	f := &File{out: file, file: file, name: file.Name(), hints: hints, encoder: newEncoder(file)}
	info, err := file.Stat()
	f.regular = err == nil && info.Mode().IsRegular()
	return f
}

// IsReadable reports whether the results can be read from the file once it is closed: it
// is no pipe and no device.
func (f *File) IsReadable() bool { return f.regular }

// lock makes sure that no other run writes to the file until this process has
// closed it or ended. A file system without locks cannot be protected.
func (f *File) lock() error {
	if f.regular && lockedByAnother(f.file) {
		return fmt.Errorf("another run is writing to %s%s: let it end, or give another name", f.name, f.hints.mark())
	}
	return nil
}

// writeError explains that a record could not be written.
func (f *File) writeError(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err // the message names the file already
	}
	f.failed = true
	return fmt.Errorf("writing the results to %s%s: %w; %s", f.name, f.hints.mark(), err, f.Holds())
}

// Holds says how much of the run is safe in the file.
func (f *File) Holds() string {
	held := countResults(f.records)
	switch {
	case !f.regular:
		return fmt.Sprintf("%s had been written to %s", held, f.name)
	case f.records == 0:
		return f.name + " holds no result yet"
	case f.hints.Resume == "":
		return fmt.Sprintf("%s holds %s", f.name, held)
	}
	return fmt.Sprintf("%s holds %s, and %s goes on from there", f.name, held, f.hints.Resume)
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
	earlier, torn, err := NewReader(file).Header()
	switch {
	case errors.Is(err, io.EOF) && len(torn) == 0:
		return nil
	case errors.Is(err, errFormat1), errors.As(err, new(*os.PathError)):
		return fmt.Errorf("reading %s %s: %w: %s", hints.theFile(), path, err, hints.another())
	case err != nil:
		return fmt.Errorf("%s is no results file of mvrun, and would be overwritten: %s", path, hints.another())
	}
	return checkSameList(path, earlier, header, hints)
}

// checkSameList returns an error if the results in the file are of another list
// than the run's.
func checkSameList(path string, earlier, header Header, hints Hints) error {
	which := "another list"
	earlierHash, hash := text(earlier.ListSHA256), text(header.ListSHA256)
	switch {
	case earlierHash == hash && !samePart(earlier.Shard, header.Shard):
		which = "another part of the list"
	case earlierHash == hash && (hash != "" || earlier.List == header.List):
		return nil
	case earlier.List == header.List:
		which = "this list before it changed"
	}
	return fmt.Errorf("%s holds the results of %s (%s, of %s): %s, or remove it",
		path, which, earlier.List, earlier.Started.Local().Format(time.DateTime), hints.another())
}

// samePart reports whether two runs are of the same part of a list.
func samePart(a, b *Shard) bool { return a == b || a != nil && b != nil && *a == *b }

// Write implements engine.Sink.
func (f *File) Write(result *engine.Result) error {
	image := f.earlier.imageOf(result.Image)
	if number, ok := f.earlier.images[image]; ok {
		question := int32(none)
		if asked, ok := f.earlier.questions[result.Question]; ok && result.Earlier {
			question = int32(asked)
		}
		counts := f.states[number].question
		f.states[number] = imageState{question: question}
		if question != none && question == counts {
			return nil // the file ends with the record of this result
		}
	}
	record := recordOf(result)
	record.List, record.Number = image.List, image.Number
	if err := f.write(record); err != nil {
		return err
	}
	f.records++
	return nil
}

// Withdraw implements engine.Reviser.
func (f *File) Withdraw(image *imagelist.Image) error {
	withdrawn := f.earlier.imageOf(image)
	if number, ok := f.earlier.images[withdrawn]; ok {
		f.states[number] = imageState{question: none}
	}
	return f.write(Withdrawn{TypeWithdrawn, withdrawn})
}

// Finish implements engine.Finisher: it writes the end and closes the file. The
// records of an earlier run that this run did not take up are withdrawn, so that
// a reader arrives at the summary; a later run may still go on from them. An
// error of an earlier write was reported already.
func (f *File) Finish(s engine.Summary) error {
	if f.failed {
		f.Close()
		return nil
	}
	if f.begin != nil && errors.As(s.Cause, new(*imagelist.WrongListError)) {
		return f.abandon()
	}
	for _, image := range f.unfinished() {
		if err := f.write(Withdrawn{TypeWithdrawn, image}); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.write(endOf(s)), f.Close())
}

// unfinished returns the images whose records are an earlier run's alone, in the
// order of the list.
func (f *File) unfinished() []Image {
	var images []Image
	for image, number := range f.earlier.images {
		if f.states[number].pending {
			images = append(images, image)
		}
	}
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(f.earlier.images[a], f.earlier.images[b]))
	})
	return images
}

// Close closes the file; a second call does nothing. It returns an error if the
// file was removed during the run, since its results are lost then.
func (f *File) Close() error {
	if f.closed || f.file == nil {
		return nil
	}
	f.closed = true
	info, err := f.file.Stat()
	if err := f.file.Close(); err != nil {
		return err
	}
	if err == nil && f.regular && isRemoved(info) {
		return fmt.Errorf("%s%s was removed during the run, with the %s it held", f.name, f.hints.mark(), countResults(f.records))
	}
	return nil
}
