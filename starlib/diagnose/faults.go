package diagnose

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Fault is something that the parser or the resolver found wrong with a file.
type Fault struct {
	Pos     syntax.Position
	Message string
}

// Faults returns what the parser or the resolver found, with advice. It returns
// nil if the error is of another kind.
func (s Sources) Faults(err error) []Fault {
	var syntaxError syntax.Error
	var unresolved resolve.ErrorList
	switch {
	case errors.As(err, &syntaxError):
		pos := s.endOfLine(syntaxError)
		return []Fault{{pos, s.withAdvice(pos, syntaxError.Msg)}}
	case errors.As(err, &unresolved):
		faults := make([]Fault, len(unresolved))
		for i, e := range unresolved {
			faults[i] = Fault{e.Pos, s.withAdvice(e.Pos, e.Msg)}
		}
		return faults
	}
	return nil
}

// endOfLine returns the place of a syntax error. Where a line ends too early,
// the parser names the beginning of the next line, and endOfLine the end of the
// line itself.
func (s Sources) endOfLine(e syntax.Error) syntax.Position {
	pos := e.Pos
	if strings.HasPrefix(e.Msg, "got newline") && pos.Line > 1 && pos.Col == 1 {
		pos.Line--
		pos.Col = int32(utf8.RuneCountInString(s.line(pos))) + 1
	}
	return pos
}

// withAdvice adds to a message what to write instead, if that is known.
func (s Sources) withAdvice(pos syntax.Position, message string) string {
	advice := syntaxAdvice(message, s.line(pos))
	if advice == "" {
		return message
	}
	return fmt.Sprintf("%s (%s)", message, advice)
}

// InnermostMessage returns what went wrong in a script, without the places that
// errors of the interpreter add on their way out.
func InnermostMessage(err error) string {
	message := err.Error()
	for e := (*starlark.EvalError)(nil); errors.As(err, &e); err = errors.Unwrap(e) {
		message = e.Msg
	}
	return strings.TrimPrefix(message, "Starlark computation cancelled: ")
}
