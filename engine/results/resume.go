package results

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
)

// Earlier holds the results of an earlier run that a run can go on from: for each
// image and question the last one, if it needs no further attention. Images and
// questions are numbered, since many results share one.
type Earlier struct {
	own, recordedAs string // the name of the run's own list now, and when the file was begun

	images    map[Image]uint32
	questions map[string]uint32
	results   map[answered]engine.Packed
}

// answered identifies an image and what was asked about it.
type answered struct{ image, question uint32 }

// Result returns the last result for a question about an image, or nil.
func (e Earlier) Result(image *imagelist.Image, question string) *engine.Result {
	imageNumber, known := e.images[e.imageOf(image)]
	questionNumber, asked := e.questions[question]
	packed, ok := e.results[answered{imageNumber, questionNumber}]
	if !known || !asked || !ok {
		return nil
	}
	packed.Image = image
	return packed.Result()
}

// imageOf returns the image of a record. The run's own list keeps the name that it
// had when the file was begun; if another list has this name now, they swap names.
// Images that the script made have no number: the order in which threads make them
// may be another one next time.
func (e Earlier) imageOf(image *imagelist.Image) Image {
	list, number := image.List, image.Number
	switch list {
	case "":
		number = 0
	case e.own:
		list = e.recordedAs
	case e.recordedAs:
		list = e.own
	}
	source, destination := image.WrittenTags()
	return Image{list, number, image.Source, image.Destination, source, destination}
}

// Resume opens the results file of an earlier run over the same list, with the
// same script, to append to it. It returns the results that the file holds. A
// last line that was not written as a whole is cut off. If there is no file, or
// an empty one, Resume creates it.
func Resume(path string, header Header, hints Hints) (*File, Earlier, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, os.ErrNotExist) {
		created, err := Create(path, header, hints)
		return created, Earlier{}, err
	}
	if err != nil {
		return nil, Earlier{}, fmt.Errorf("opening %s: %w", hints.theFile(), err)
	}
	f := newFile(file, hints)
	earlier, begun, err := f.read(header)
	switch {
	case err != nil:
		return nil, Earlier{}, errors.Join(err, file.Close())
	case begun:
		return f, earlier, f.write(Resumed{TypeResumed, time.Now(), header.Version})
	}
	if err := file.Close(); err != nil {
		return nil, Earlier{}, err
	}
	f, err = Create(path, header, hints)
	return f, Earlier{}, err
}

// read reads the records of an earlier run. begun is false if the file holds
// nothing yet.
func (f *File) read(header Header) (_ Earlier, begun bool, err error) {
	if !f.regular { // a pipe cannot be read again
		return Earlier{}, false, nil
	}
	if err := f.lock(); err != nil {
		return Earlier{}, false, err
	}
	lines := NewReader(f.file)
	first, torn, err := lines.Header()
	switch {
	case errors.Is(err, io.EOF) && len(torn) > 0 && isTornHeader(torn):
		return Earlier{}, false, f.cut(0)
	case errors.Is(err, io.EOF):
		return Earlier{}, false, nil
	case errors.Is(err, errNoFormat):
		return Earlier{}, false, fmt.Errorf("%s is no results file of mvrun: %s", f.name, f.hints.another())
	case err != nil:
		return Earlier{}, false, fmt.Errorf("reading %s %s: %w: %s", f.hints.theFile(), f.name, err, f.hints.another())
	}
	if err := f.checkResumable(first, header); err != nil {
		return Earlier{}, false, err
	}
	earlier, err := f.readRecords(lines, header.List, first.List)
	if err != nil {
		return Earlier{}, false, fmt.Errorf("%s:%d is no result of mvrun (%w): %s%s", f.name, lines.Number(), err, f.hints.another(), f.hints.orStartAnew())
	}
	return earlier, true, f.cut(lines.whole)
}

// readRecords reads the lines behind the header.
func (f *File) readRecords(lines *Reader, own, recordedAs string) (Earlier, error) {
	earlier := Earlier{own, recordedAs, map[Image]uint32{}, map[string]uint32{}, map[answered]engine.Packed{}}
	for {
		line, err := lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			f.earlier = earlier
			return earlier, nil
		case err != nil:
			return Earlier{}, err
		}
		switch line := line.(type) {
		case *Withdrawn: // the results of the image still answer their questions
			if image, ok := earlier.images[line.Image]; ok {
				f.states[image] = imageState{question: none}
			}
		case *Record:
			f.records++
			image, known := number(earlier.images, line.Image())
			if !known {
				f.states = append(f.states, imageState{})
			}
			question, _ := number(earlier.questions, line.Question)
			f.states[image] = imageState{true, int32(question)}
			if result := line.result(); result.OK() {
				earlier.results[answered{image, question}] = result.Pack()
			} else {
				delete(earlier.results, answered{image, question})
			}
		}
	}
}

// number returns the number of a value, and whether the value had one before.
func number[T comparable](numbers map[T]uint32, value T) (_ uint32, known bool) {
	n, known := numbers[value]
	if !known {
		n = uint32(len(numbers))
		numbers[value] = n
	}
	return n, known
}

// isTornHeader reports whether the only line of a file is what a run left that
// ended before it had written its header, or nothing.
func isTornHeader(torn []byte) bool {
	const begin = `{"type":"run"`
	return bytes.HasPrefix(torn, []byte(begin)) || bytes.HasPrefix([]byte(begin), torn)
}

// orStartAnew is the advice to begin a new file.
func (h Hints) orStartAnew() string {
	if h.Resume == "" {
		return ""
	}
	return ", or leave out " + h.Resume
}

// cut ends the file after a number of bytes.
func (f *File) cut(length int64) error {
	if err := f.file.Truncate(length); err != nil {
		return fmt.Errorf("cutting off the torn last line of %s: %w", f.hints.theFile(), err)
	}
	return nil
}

// checkResumable returns an error if a run cannot go on from a file with this
// header.
func (f *File) checkResumable(earlier, header Header) error {
	if err := checkSameList(f.name, earlier, header, f.hints); err != nil {
		return err
	}
	switch {
	case header.ListSHA256 == nil:
		return fmt.Errorf("%s needs a list in a file: a stream may hold other lines this time", cmp.Or(f.hints.Resume, "going on from earlier results"))
	case earlier.ScriptSHA256 != header.ScriptSHA256:
		return fmt.Errorf("%s holds the results of script %s before it, or a module of it, changed, or of another one: leave out %s",
			f.name, earlier.Script, cmp.Or(f.hints.Resume, "the earlier results"))
	}
	return nil
}
