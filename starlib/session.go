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

// Session executes the inputs that a person types, one after the other. An input can
// use the globals of earlier inputs. Like main, it may call parallel.
//
// Calls of parallel may share only values that cannot change. In a script, all values
// are frozen at the end of the top level. A session has no such end, so parallel
// freezes all values that exist when it begins.
type Session struct {
	execution *execution
	globals   starlark.StringDict
	inputs    int
	ahead     []string // lines that were already read, but belong to the next input

	// unfrozen has all values that globals got since the last call of parallel. If a
	// global gets another value, the old value stays here, because a function may
	// still refer to it.
	unfrozen []starlark.Value
}

// Input is a parsed statement. Several statements on one line are one Input.
type Input struct{ file *syntax.File }

// inputDialect is the dialect of inputs. Unlike a file, an input may have a loop
// outside a function, and may give a global another value.
var inputDialect = &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true, LoadBindsGlobally: true}

// scriptDialect is the dialect of a session's script. The names that the script loads
// become globals, so that the session can use them.
var scriptDialect = &syntax.FileOptions{Set: true, LoadBindsGlobally: true}

// NewSession returns a session with the globals of a script. It does not call main. If
// the script has no name, the session has no script. The errors are the same as those
// of Run.
func NewSession(ctx context.Context, script source.Script, o Options) (*Session, error) {
	s := &Session{execution: newExecution(script, o)}
	s.globals = s.execution.predeclared()
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

// Read reads an input. It calls readLine for each line. readLine must return the line
// without the newline; more is true if the line continues an input. Read returns an
// error of readLine unchanged, with one exception: io.EOF ends an input that has begun.
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
			line = "" // a line with only spaces must end a block, too, because editors indent empty lines
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

// nextLine returns a line that was already read, or else reads one.
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

// startsNext reports whether the last line that was read belongs to the next input. It
// does if it is not indented and so ended a block.
func startsNext(file *syntax.File, lines []string) bool {
	if len(file.Stmts) == 0 || len(lines) < 2 || strings.TrimSpace(lines[len(lines)-1]) == "" {
		return false
	}
	_, end := file.Stmts[len(file.Stmts)-1].Span()
	return int(end.Line) < len(lines)
}

// Ahead reports whether the first line of the next input was read already.
func (s *Session) Ahead() bool { return len(s.ahead) > 0 }

// Eval executes an input. It returns the value of an expression as Starlark writes it,
// and "" for a statement or None. If ctx ended the input, the error is
// context.Cause(ctx).
func (s *Session) Eval(ctx context.Context, input *Input) (shown string, err error) {
	// Modules that failed are loaded again, because the user may have corrected them.
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
	s.globals["_"] = value // the last value is called _, as in Python
	s.unfrozen = append(s.unfrozen, value)
	return value.String(), nil
}

// noteGlobals adds the values of an input's globals to unfrozen.
func (s *Session) noteGlobals(file *syntax.File) {
	module, ok := file.Module.(*resolve.Module)
	if !ok {
		return // an undefined name kept the input from being executed
	}
	for _, global := range module.Globals {
		if v, ok := s.globals[global.First.Name]; ok {
			s.unfrozen = append(s.unfrozen, v)
		}
	}
}

// freeze freezes every value that calls of parallel could share: all values that
// globals have or had, and the globals of the input that is being executed.
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

// soleExpression returns the expression of an input that has nothing else, or nil.
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
