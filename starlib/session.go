package starlib

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib/diagnose"
	"mvrun/starlib/source"
)

// Session executes what a person types, an Input at a time. An input sees the
// globals of the earlier ones, and may use parallel as main may.
//
// Calls of parallel may share only values that cannot change. A script is frozen at
// the end of its top level, but a session has no such end. So a call of parallel
// freezes everything that exists when it begins.
type Session struct {
	execution *execution
	globals   starlark.StringDict
	inputs    int
	ahead     []string // lines that were read and belong to the next input

	// unfrozen are the values of all globals since the last call of parallel. A
	// value stays here when its global gets another one, because a function may
	// still refer to it.
	unfrozen []starlark.Value
}

// Input is a statement, or several on one line, ready to be executed.
type Input struct{ file *syntax.File }

// inputDialect is the dialect of inputs. They may loop outside functions and
// give a global another value.
var inputDialect = &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true, LoadBindsGlobally: true}

// scriptDialect is the dialect of a session's script. The session also gets the
// names that the script loads.
var scriptDialect = &syntax.FileOptions{Set: true, LoadBindsGlobally: true}

// NewSession returns a session with the globals of a script, whose main is not
// called. A script without a name stands for no script. Errors are those of Run.
func NewSession(ctx context.Context, script source.Script, o Options) (*Session, error) {
	s := &Session{execution: newExecution(script, o)}
	s.globals = s.execution.builtins()
	if script.Name == "" {
		return s, nil
	}
	err := s.execution.do(ctx, script.Name, func(thread *starlark.Thread) error {
		globals, err := s.execution.topLevel(thread, scriptDialect, script)
		maps.Copy(s.globals, globals)
		return err
	})
	return s, causeOf(err)
}

// Read reads an input. readLine returns a line without its end; more is true if
// the line continues an input. An error of readLine is returned as it is, except
// that io.EOF completes an input that has begun.
func (s *Session) Read(readLine func(more bool) (string, error)) (*Input, error) {
	s.inputs++
	name := fmt.Sprintf("<input %d>", s.inputs)
	var lines []string
	var failed error
	file, err := inputDialect.ParseCompoundStmt(name, func() ([]byte, error) {
		var line string
		line, failed = s.nextLine(readLine, len(lines) > 0)
		if errors.Is(failed, io.EOF) && len(lines) > 0 {
			failed = nil
			return nil, nil // tells the parser that the input ends
		}
		if failed != nil {
			return nil, failed
		}
		lines = append(lines, line)
		if strings.TrimSpace(line) == "" {
			line = "" // a line of spaces ends a block, too: editors indent empty lines
		}
		return []byte(line + "\n"), nil
	})
	if failed != nil {
		return nil, failed
	}
	s.execution.sources[name] = strings.Join(lines, "\n")
	if err != nil {
		return nil, newScriptError(s.execution.sources, &s.execution.secrets, err, nil)
	}
	if startsNext(file, lines) {
		s.ahead = lines[len(lines)-1:]
	}
	return &Input{file}, nil
}

// nextLine returns a line that was read already, or reads one.
func (s *Session) nextLine(readLine func(more bool) (string, error), more bool) (string, error) {
	if len(s.ahead) > 0 {
		line := s.ahead[0]
		s.ahead = s.ahead[1:]
		return line, nil
	}
	line, err := readLine(more)
	if err == nil && len(line) > source.MaxSize {
		err = fmt.Errorf("a line of more than %d bytes", source.MaxSize)
	}
	return line, err
}

// startsNext reports whether the last of an input's lines ended its block and
// belongs to the next input.
func startsNext(file *syntax.File, lines []string) bool {
	if len(file.Stmts) == 0 || len(lines) < 2 || strings.TrimSpace(lines[len(lines)-1]) == "" {
		return false
	}
	_, end := file.Stmts[len(file.Stmts)-1].Span()
	return int(end.Line) < len(lines)
}

// Ahead reports whether the first line of the next input was read already.
func (s *Session) Ahead() bool { return len(s.ahead) > 0 }

// Eval executes an input. It returns the value of an expression as the script
// would write it, and "" for a statement or None. The error is context.Cause(ctx)
// if ctx ended the input.
func (s *Session) Eval(ctx context.Context, input *Input) (shown string, err error) {
	// A module that failed may have been mended since.
	maps.DeleteFunc(s.execution.modules, func(_ string, m *module) bool { return m.err != nil })
	var value starlark.Value = starlark.None
	err = s.execution.do(ctx, input.file.Path, func(thread *starlark.Thread) (err error) {
		thread.SetLocal(promptLocal, s)
		if e := soleExpression(input.file); e != nil {
			value, err = starlark.EvalExprOptions(input.file.Options, thread, e, s.globals)
		} else {
			err = starlark.ExecREPLChunk(input.file, thread, s.globals)
			s.noteGlobals(input.file)
		}
		return diagnose.OfferNames(err, s.globals.Keys())
	})
	if err != nil || value == starlark.None {
		return "", causeOf(err)
	}
	s.globals["_"] = value // as in Python
	s.unfrozen = append(s.unfrozen, value)
	return value.String(), nil
}

// noteGlobals adds the values that an input gave to globals to those that a call
// of parallel freezes.
func (s *Session) noteGlobals(file *syntax.File) {
	module, ok := file.Module.(*resolve.Module)
	if !ok {
		return // a name is not defined, so that nothing was executed
	}
	for _, global := range module.Globals {
		if v, ok := s.globals[global.First.Name]; ok {
			s.unfrozen = append(s.unfrozen, v)
		}
	}
}

// freeze freezes what calls of parallel could share: every value that a global
// has or had, and the globals of the input that is being executed.
func (s *Session) freeze(thread *starlark.Thread) {
	for _, value := range s.unfrozen {
		value.Freeze()
	}
	s.unfrozen = nil
	outermost := thread.DebugFrame(thread.CallStackDepth() - 1).Callable()
	if fn, ok := outermost.(*starlark.Function); ok {
		fn.Globals().Freeze()
	}
}

// soleExpression returns the expression that is all of an input, or nil.
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
