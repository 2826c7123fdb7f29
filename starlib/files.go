package starlib

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"go.starlark.net/starlark"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib/param"
)

// Files says which file stands for a path that a script named. Every builtin
// with a path asks it, after source.Loader has confined the path. So whoever
// runs a script can keep its files in another folder, or refuse a file that the
// run uses itself.
type Files interface {
	// Readable returns the path to read in place of path.
	Readable(path string) (string, error)
	// Writable returns the path to write in place of path. list says that a list of
	// images is written, which may replace another list. Its error continues a
	// sentence that begins with the file, such as "would replace list.txt".
	Writable(path string, list bool) (string, error)
}

// readPath returns the path of the file to read where a script names path.
func (e *execution) readPath(b *starlark.Builtin, path string) (string, error) {
	path, err := e.loader.Confine(path)
	if err == nil && e.Files != nil {
		path, err = e.Files.Readable(path)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.Name(), err)
	}
	return path, nil
}

// writePath returns the path of the file to write where a script names path.
// file says for an error what is written, such as "the failed list". list says that it
// is a list of images.
func (e *execution) writePath(b *starlark.Builtin, path, file string, list bool) (string, error) {
	path, err := e.loader.Confine(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.Name(), err)
	}
	if e.Files == nil {
		return path, nil
	}
	if path, err = e.Files.Writable(path, list); err != nil {
		return "", fmt.Errorf("%s %w", file, err)
	}
	return path, nil
}

// loadList is load_list(path, source, destination, default_project, format). The images
// of the list are read when the script asks for them, but the tags of entries that
// choose among all tags are listed here.
func (e *execution) loadList(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	path, format, options := "", "", e.List
	err := param.Unpack(b, args, kwargs, "path?", &path,
		"source?", &options.Source, "destination?", &options.Destination, "default_project?", &options.DefaultProject, "format?", &format)
	if err != nil {
		return nil, err
	}
	if err := options.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if path != "" {
		if path, err = e.readPath(b, path); err != nil {
			return nil, err
		}
	}
	list, err := e.Open(path, format)
	if err != nil {
		return nil, err
	}
	reading, err := e.Engine.Load(Context(thread), list, options)
	if err != nil {
		if path == "" && thread.Local(promptLocal) == nil {
			e.abort(err) // the user gave the list, so the message has no need of the script's place
		}
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if err := e.expand(thread, reading); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return &imageList{execution: e, thread: thread, reading: reading}, nil
}

// expand says what the list was recognised as, the first time, and has the tags of its
// entries listed.
func (e *execution) expand(thread *starlark.Thread, reading *imagelist.Reading) error {
	if _, told := e.told.LoadOrStore(reading.List, true); !told {
		e.tellFormat(reading.List)
	}
	tags := func(ctx context.Context, repository string) (tags []string, err error) {
		err = e.Engine.Work(ctx, repository, func(ctx context.Context) (err error) {
			tags, err = e.Lookup.Tags(ctx, repository)
			return err
		})
		return tags, err
	}
	return reading.Expand(Context(thread), tags, func(message string) { e.Log.Info(message) })
}

// tellFormat logs what a list was recognised as, and what of its file is not read.
func (e *execution) tellFormat(list *imagelist.List) {
	format, warnings, ok := list.Recognised()
	if !ok {
		return
	}
	lines, _ := list.Known()
	entries := "1 entry"
	if n := imagelist.CountNumbers(lines); n != 1 {
		entries = fmt.Sprintf("%d entries", n)
	}
	e.Log.Info(fmt.Sprintf("%s is read as %s: %s", list.Name, format, entries))
	for _, w := range warnings {
		e.Log.Warn(fmt.Sprintf("%s:%d: %s", list.Name, w.LineNumber, w.Message))
	}
}

// writeFailed is write_failed(results, path). It writes the failed list and
// returns the number of its lines.
func (e *execution) writeFailed(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var values starlark.Iterable
	var path string
	if err := param.Unpack(b, args, kwargs, "results", &values, "path?", &path); err != nil {
		return nil, err
	}
	if ctx := Context(thread); ctx.Err() != nil { // results are missing, and the file must not look complete
		return nil, context.Cause(ctx)
	}
	results, err := packedResults(b, values)
	if err != nil {
		return nil, err
	}
	if path != "" {
		if path, err = e.writePath(b, path, "the failed list", true); err != nil {
			return nil, err
		}
	}
	// A second call for the same file adds to it: a script may have two lists.
	e.failing.Lock()
	defer e.failing.Unlock()
	name := filepath.Clean(cmp.Or(path, e.FailedList))
	e.failed[name] = append(e.failed[name], results...)
	lines := e.Engine.FailedLines(e.failed[name])
	if err := e.WriteFailed(path, lines); err != nil {
		return nil, err
	}
	e.Engine.HandOver(results)
	return starlark.MakeInt(len(lines)), nil
}

// packedResults returns the results of a list of a script.
func packedResults(b *starlark.Builtin, values starlark.Iterable) ([]*engine.Packed, error) {
	var results []*engine.Packed
	iterator := values.Iterate()
	defer iterator.Done()
	var value starlark.Value
	for iterator.Next(&value) {
		result, ok := value.(*Result)
		if !ok {
			return nil, fmt.Errorf("%s: results[%d] is %s, want a result: does every way through the callback return one?", b.Name(), len(results), param.Describe(value))
		}
		results = append(results, &result.packed)
	}
	return results, nil
}
