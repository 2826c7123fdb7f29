package sink

import (
	"bufio"
	"bytes"
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

// Going on from the results of an earlier run.

// Earlier are the results of the run that this one goes on from.
type Earlier map[earlierKey]engine.Packed

// earlierKey is what a record says of which image it is of.
type earlierKey struct {
	number                   int
	source, destination, tag string
}

// Result returns the last result of an image, or nil.
func (e Earlier) Result(image imagelist.Image) *engine.Result {
	packed, ok := e[earlierKey{image.Number, image.Source, image.Destination, image.Tag}]
	if !ok {
		return nil
	}
	packed.Image = &image
	return packed.Result()
}

// indifferent are the flags that no verdict depends on. The others, also those
// of a script that are recorded, have to be the same when a run goes on.
var indifferent = []string{"file", "failed", "jobs", "tls-verify", "debug", "timeout", "deadline", "results", "resume", "allow-path", "log-format", "progress"}

// ResumeResults opens the results file of an earlier run over the same list
// with the same flags, to append to it, and returns what it holds. A last line
// that was not written as a whole is cut off. Without a file, or in an empty
// one, it begins anew.
func ResumeResults(path string, run Run) (*Results, Earlier, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, os.ErrNotExist) {
		results, err := CreateResults(path, run)
		return results, nil, err
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening the results file (--results): %w", err)
	}
	results := newResults(file)
	earlier, begun, err := results.resume(run)
	if err != nil || !begun {
		err = errors.Join(err, file.Close())
	}
	if err == nil && !begun {
		results, err = CreateResults(path, run)
	}
	return results, earlier, err
}

// resume reads what the file holds. begun is false if that is nothing.
func (r *Results) resume(run Run) (_ Earlier, begun bool, err error) {
	if !r.regular { // it cannot be read again
		return nil, false, nil
	}
	if err := r.own(); err != nil {
		return nil, false, err
	}
	path := r.file.Name()
	lines := bufio.NewReader(r.file) // a file of a hundred megabytes need not be in memory
	header, err := lines.ReadBytes('\n')
	if err == io.EOF { // it ended before it had begun
		if bytes.HasPrefix(header, []byte(`{"mvrun":`)) {
			return nil, false, r.cut(0)
		}
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the results file (--results): %w", err)
	}
	if err := checkResumable(path, header, run); err != nil {
		return nil, false, err
	}
	earlier, whole := Earlier{}, len(header)
	for number := 2; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break // also what follows the last end of a line: it is torn
		}
		if err != nil {
			return nil, false, fmt.Errorf("reading the results file (--results): %w", err)
		}
		whole += len(line)
		var record Record
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, false, fmt.Errorf("%s:%d is no result of mvrun (%w): give --results another name, or leave out --resume", path, number, err)
		}
		result := engine.Result{
			Status: record.Status, Reason: record.Reason, Message: record.Message, Match: record.Match, Platforms: record.Platforms,
			Attempts: record.Attempts, Requests: record.Requests, Started: record.Started, Duration: time.Duration(record.DurationMS) * time.Millisecond,
			Earlier: true, // a waiver is the script's to give again
		}
		r.records++
		earlier[earlierKey{record.Number, record.Source, record.Destination, record.Tag}] = result.Pack(nil)
	}
	return earlier, true, r.cut(whole)
}

// cut ends the file after so many bytes.
func (r *Results) cut(length int) error {
	if err := r.file.Truncate(int64(length)); err != nil {
		return fmt.Errorf("cutting off the torn last line of the results file (--results): %w", err)
	}
	return nil
}

// checkResumable says why a run cannot go on from the one of a header.
func checkResumable(path string, header []byte, run Run) error {
	var earlier Run
	if json.Unmarshal(header, &earlier) != nil || earlier.Version == "" {
		return fmt.Errorf("%s is no results file of mvrun: give --results another name", path)
	}
	if err := checkSameList(path, earlier, run); err != nil {
		return err
	}
	if run.SHA256 == "" {
		return errors.New("--resume needs a list in a file: a stream may hold other lines this time")
	}
	if earlier.Program != run.Program {
		return fmt.Errorf("%s holds the results of script %s before it, or a module of it, changed, or of another one: leave out --resume", path, earlier.Script)
	}
	for _, name := range slices.Sorted(maps.Keys(run.Flags)) {
		if slices.Contains(indifferent, name) {
			continue
		}
		var now any
		if err := roundTrip(run.Flags[name], &now); err != nil {
			return err
		}
		if then := earlier.Flags[name]; !reflect.DeepEqual(then, now) {
			return fmt.Errorf("%s holds the results of a run with --%s %s, and this has %s: leave out --resume, or give the same", path, name, shown(then), shown(now))
		}
	}
	return nil
}

// shown writes a flag's value so that an empty one is seen.
func shown(value any) string {
	if value == "" || value == nil {
		return `""`
	}
	return fmt.Sprint(value)
}

// roundTrip makes a value what it is after having been in a results file.
func roundTrip(value any, to *any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, to)
}
