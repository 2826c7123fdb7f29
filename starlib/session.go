package starlib

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/engine"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/source"
)

// A script that is written while it runs.

// Session executes what a person types, an Input at a time. Each sees the
// globals of those before it, and counts as main: it may use parallel.
//
// What parallel runs at once must share nothing that changes. There is no end
// of the top level here at which everything could be frozen, so a call of
// parallel freezes what exists when it begins.
type Session struct {
	run     *run
	globals starlark.StringDict
	inputs  int
	ahead   []string // lines that were read, and belong to the next input

	// thawed are all values that globals got since the last call of parallel,
	// also those that have another now: a function keeps the globals that it
	// knew.
	thawed []starlark.Value
}

// Input is a statement, or several on one line, ready to be executed.
type Input struct{ file *syntax.File }

// inputOptions is the dialect of inputs, in which loops and conditions need no
// function.
var inputOptions = &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true, LoadBindsGlobally: true}

// scriptOptions is the dialect of a session's script: also what it loads is
// there to play with.
var scriptOptions = &syntax.FileOptions{Set: true, LoadBindsGlobally: true}

// NewSession returns a session that has the globals of a script, whose main is
// not called. Without a name there is no script. Errors are as Run's.
func NewSession(ctx context.Context, script source.Script, o Options) (*Session, error) {
	s := &Session{run: newRun(ctx, nil, script, o)}
	s.globals = s.run.builtins()
	if script.Name == "" {
		return s, nil
	}
	err := s.within(ctx, script.Name, func(thread *starlark.Thread) error {
		globals, err := s.run.execute(thread, scriptOptions, script)
		maps.Copy(s.globals, globals)
		return err
	})
	return s, err
}

// Read reads an input. readLine returns a line without its end; more says that
// it goes on one that was begun. Its errors are returned as they are; io.EOF
// completes an input, if one was begun.
func (s *Session) Read(readLine func(more bool) (string, error)) (*Input, error) {
	s.inputs++
	name := fmt.Sprintf("<input %d>", s.inputs)
	var lines []string
	var failed error
	file, err := inputOptions.ParseCompoundStmt(name, func() ([]byte, error) {
		var line string
		if len(s.ahead) > 0 {
			line, s.ahead = s.ahead[0], s.ahead[1:]
		} else if line, failed = readLine(len(lines) > 0); failed == io.EOF && len(lines) > 0 {
			failed = nil
			return nil, nil // the parser takes it for the end of the file
		}
		if failed != nil {
			return nil, failed
		}
		lines = append(lines, line)
		if len(line) > source.MaxSize {
			failed = fmt.Errorf("a line of more than %d bytes", source.MaxSize)
		}
		if strings.TrimSpace(line) == "" {
			line = "" // blank, whatever the editor put there: the end of a block
		}
		return []byte(line + "\n"), failed
	})
	if failed != nil {
		return nil, failed
	}
	s.run.sources[name] = strings.Join(lines, "\n")
	if err != nil {
		return nil, newScriptError(s.run.sources, &s.run.revealed, err)
	}
	if len(file.Stmts) > 0 {
		// The line that ends a block may be the next statement.
		if _, end := file.Stmts[len(file.Stmts)-1].Span(); len(lines) > 1 && int(end.Line) < len(lines) && strings.TrimSpace(lines[len(lines)-1]) != "" {
			s.ahead = lines[len(lines)-1:]
		}
	}
	return &Input{file}, nil
}

// Ahead says whether the next input has begun with a line that was read.
func (s *Session) Ahead() bool { return len(s.ahead) > 0 }

// Eval executes an input, and returns its value as the script would write it,
// "" for a statement or None. An error that is context.Cause(ctx) says that
// ctx ended it.
func (s *Session) Eval(ctx context.Context, input *Input) (shown string, err error) {
	maps.DeleteFunc(s.run.modules, func(_ string, m *module) bool { return m.err != nil }) // mended since, maybe
	var value starlark.Value = starlark.None
	err = s.within(ctx, input.file.Path, func(thread *starlark.Thread) (err error) {
		thread.SetLocal(promptLocal, s)
		if e := soleExpression(input.file); e != nil {
			value, err = starlark.EvalExprOptions(input.file.Options, thread, e, s.globals)
			return err
		}
		err = starlark.ExecREPLChunk(input.file, thread, s.globals)
		if module, ok := input.file.Module.(*resolve.Module); ok {
			for _, global := range module.Globals {
				if v, ok := s.globals[global.First.Name]; ok {
					s.thawed = append(s.thawed, v)
				}
			}
		}
		return err
	})
	if err != nil || value == starlark.None {
		return "", err
	}
	s.globals["_"] = value // as in Python
	s.thawed = append(s.thawed, value)
	return value.String(), nil
}

// within calls do with a thread that ends with ctx, and explains its error.
func (s *Session) within(ctx context.Context, name string, do func(*starlark.Thread) error) error {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	s.run.ctx, s.run.abort = ctx, abort
	thread, end := s.run.thread(ctx, name)
	defer end()
	err := engine.Guard(func() error { return do(thread) })
	err = diagnose.OfferNames(err, s.globals.Keys())
	switch {
	case err != nil:
		return s.run.explain(ctx, err)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// freeze freezes what callbacks of parallel could share: every global that
// there is or was, and those of the input that is being executed.
func (s *Session) freeze(thread *starlark.Thread) {
	for _, value := range s.thawed {
		value.Freeze()
	}
	s.thawed = nil
	outermost := thread.DebugFrame(thread.CallStackDepth() - 1).Callable()
	if fn, ok := outermost.(*starlark.Function); ok {
		fn.Globals().Freeze()
	}
}

func soleExpression(file *syntax.File) syntax.Expr {
	if len(file.Stmts) != 1 {
		return nil
	}
	statement, ok := file.Stmts[0].(*syntax.ExprStmt)
	if !ok {
		return nil
	}
	return statement.X
}
