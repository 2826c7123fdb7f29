package starlib

import (
	"context"
	"fmt"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"mvrun/starlib/param"
)

// readFile implements read_file(path).
func (e *execution) readFile(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var path string
	if err := param.Unpack(b, args, kwargs, "path", &path); err != nil {
		return nil, err
	}
	found, err := e.readPath(b, e.loader.Locate(path))
	if err != nil {
		return nil, err
	}
	text, err := e.ReadFile(found)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%s: %s is no text in UTF-8", b.Name(), path)
	}
	return starlark.String(text), nil
}

// writeFile implements write_file(path, content).
func (e *execution) writeFile(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var path, content string
	if err := param.Unpack(b, args, kwargs, "path", &path, "content", &content); err != nil {
		return nil, err
	}
	if AtTopLevel(thread) && thread.Local(promptLocal) == nil {
		return nil, fmt.Errorf("%s: only main may write files: the top level only declares", b.Name())
	}
	if ctx := Context(thread); ctx.Err() != nil { // what the script knows may be incomplete
		return nil, context.Cause(ctx)
	}
	path, err := e.writePath(b, path, b.Name(), false)
	if err != nil {
		return nil, err
	}
	if err := e.WriteFile(path, content); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return starlark.None, nil
}
