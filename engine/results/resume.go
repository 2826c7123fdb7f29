package results

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
)

// Earlier holds the last result of every image of an earlier run.
type Earlier map[earlierKey]engine.Packed

// earlierKey identifies the image of a record.
type earlierKey struct {
	number                   int
	source, destination, tag string
}

// Result returns the last result of an image, or nil if there is none.
func (e Earlier) Result(image imagelist.Image) *engine.Result {
	packed, ok := e[earlierKey{image.Number, image.Source, image.Destination, image.Tag}]
	if !ok {
		return nil
	}
	packed.Image = &image
	return packed.Result()
}

// Resume opens the results file of an earlier run over the same list, with the
// same script and the same deciding flags, to append to it. It returns the
// results that the file holds. A last line that was not written as a whole is
// cut off. If there is no file, or an empty one, Resume creates it.
func Resume(path string, header Header, hints Hints) (*File, Earlier, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, os.ErrNotExist) {
		created, err := Create(path, header, hints)
		return created, nil, err
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w", hints.theFile(), err)
	}
	f := newFile(file, hints)
	earlier, begun, err := f.read(header)
	if err != nil || !begun {
		err = errors.Join(err, file.Close())
	}
	if err == nil && !begun {
		f, err = Create(path, header, hints)
	}
	return f, earlier, err
}

// read reads the records of an earlier run. begun is false if the file holds
// nothing yet.
func (f *File) read(header Header) (_ Earlier, begun bool, err error) {
	if !f.regular { // a pipe cannot be read again
		return nil, false, nil
	}
	if err := f.lock(); err != nil {
		return nil, false, err
	}
	lines := bufio.NewReader(f.file) // a file of a hundred megabytes need not be in memory
	first, err := lines.ReadBytes('\n')
	if err == io.EOF { // the earlier run ended before it had written the header
		if bytes.HasPrefix(first, []byte(`{"mvrun":`)) {
			return nil, false, f.cut(0)
		}
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading %s: %w", f.hints.theFile(), err)
	}
	if err := f.checkResumable(first, header); err != nil {
		return nil, false, err
	}
	earlier, whole := Earlier{}, len(first)
	for number := 2; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break // a line without an end is torn
		}
		if err != nil {
			return nil, false, fmt.Errorf("reading %s: %w", f.hints.theFile(), err)
		}
		whole += len(line)
		var record Record
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, false, fmt.Errorf("%s:%d is no result of mvrun (%w): %s%s", f.file.Name(), number, err, f.hints.another(), f.hints.orStartAnew())
		}
		result := engine.Result{
			Status: record.Status, Reason: record.Reason, Message: record.Message, Match: record.Match, Platforms: record.Platforms,
			Attempts: record.Attempts, Requests: record.Requests, Started: record.Started, Duration: time.Duration(record.DurationMS) * time.Millisecond,
			Earlier: true, // the script waives a result again, or not
		}
		f.records++
		earlier[earlierKey{record.Number, record.Source, record.Destination, record.Tag}] = result.Pack(nil)
	}
	return earlier, true, f.cut(whole)
}

// orStartAnew is the advice to begin a new file.
func (h Hints) orStartAnew() string {
	if h.Resume == "" {
		return ""
	}
	return ", or leave out " + h.Resume
}

// cut ends the file after a number of bytes.
func (f *File) cut(length int) error {
	if err := f.file.Truncate(int64(length)); err != nil {
		return fmt.Errorf("cutting off the torn last line of %s: %w", f.hints.theFile(), err)
	}
	return nil
}

// checkResumable returns an error if a run cannot go on from the file whose
// first line is given.
func (f *File) checkResumable(first []byte, header Header) error {
	path := f.file.Name()
	var earlier Header
	if json.Unmarshal(first, &earlier) != nil || earlier.Version == "" {
		return fmt.Errorf("%s is no results file of mvrun: %s", path, f.hints.another())
	}
	if err := checkSameList(path, earlier, header, f.hints); err != nil {
		return err
	}
	if header.SHA256 == "" {
		return fmt.Errorf("%s needs a list in a file: a stream may hold other lines this time", cmp.Or(f.hints.Resume, "going on from earlier results"))
	}
	if earlier.Program != header.Program {
		return fmt.Errorf("%s holds the results of script %s before it, or a module of it, changed, or of another one: leave out %s",
			path, earlier.Script, cmp.Or(f.hints.Resume, "the earlier results"))
	}
	for _, name := range slices.Sorted(maps.Keys(header.Flags)) {
		if !slices.Contains(header.Deciding, name) {
			continue
		}
		now, err := roundTrip(header.Flags[name])
		if err != nil {
			return err
		}
		if then := earlier.Flags[name]; !reflect.DeepEqual(then, now) {
			return fmt.Errorf("%s holds the results of a run with --%s %s, and this has %s: leave out %s, or give the same",
				path, name, flagText(then), flagText(now), cmp.Or(f.hints.Resume, "the earlier results"))
		}
	}
	return nil
}

// flagText writes a flag's value so that an empty one is seen.
func flagText(value any) string {
	if value == "" || value == nil {
		return `""`
	}
	return fmt.Sprint(value)
}

// roundTrip returns a value as it is after having been in a results file: a
// number is a float64 then.
func roundTrip(value any) (read any, err error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(encoded, &read)
	return read, err
}
