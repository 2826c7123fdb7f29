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

// Fault is a mistake in a file that the parser or the resolver found.
type Fault struct {
	Pos     syntax.Position
	Message string
}

// Faults returns the mistakes in an error of the parser or the resolver, with
// advice. It returns nil for any other error.
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

// endOfLine returns the place of a syntax error. If a line ends too early, the parser
// names the beginning of the next line. endOfLine then returns the end of the line
// before it, where the mistake is.
func (s Sources) endOfLine(e syntax.Error) syntax.Position {
	pos := e.Pos
	if strings.HasPrefix(e.Msg, "got newline") && pos.Line > 1 && pos.Col == 1 {
		pos.Line--
		pos.Col = int32(utf8.RuneCountInString(s.line(pos))) + 1
	}
	return pos
}

// withAdvice returns the message of an error at a place, with advice if there is any.
func (s Sources) withAdvice(pos syntax.Position, message string) string {
	advice := syntaxAdvice(message, s.line(pos))
	if advice == "" {
		return message
	}
	return fmt.Sprintf("%s (%s)", message, advice)
}

// InnermostMessage returns the message of the innermost error in a script. The
// interpreter adds the place of each call to an error; these are left out.
func InnermostMessage(err error) string {
	message := err.Error()
	for e := (*starlark.EvalError)(nil); errors.As(err, &e); err = errors.Unwrap(e) {
		message = e.Msg
	}
	return strings.TrimPrefix(message, "Starlark computation cancelled: ")
}
