package starlib

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Errors that point at the script.

// itemError is an error of a function that parallel called for an item.
type itemError struct {
	item     starlark.Value
	err      error
	onResult bool // it was called with the item's result
}

func (e *itemError) Error() string { return fmt.Sprintf("%v: %v", e.item, e.err) }
func (e *itemError) Unwrap() error { return e.err }

// scriptError is an error with its place in the script.
type scriptError struct {
	message string
	err     error
}

func (e *scriptError) Error() string { return e.message }
func (e *scriptError) Unwrap() error { return e.err }

// newScriptError writes an error for whoever wrote the script: the place, the
// line with a caret, and the calls that led there. sources are the files by
// name, secrets what the message must not show.
func newScriptError(sources map[string]string, secrets *revealed, err error) error {
	var b strings.Builder
	var syntaxError syntax.Error
	var resolveErrors resolve.ErrorList
	switch {
	case errors.As(err, &syntaxError):
		pos := placeOf(sources, syntaxError)
		point(&b, sources, pos, withAdvice(sources, pos, syntaxError.Msg))
	case errors.As(err, &resolveErrors):
		for _, e := range resolveErrors {
			point(&b, sources, e.Pos, withAdvice(sources, e.Pos, e.Msg))
		}
	default:
		calls(&b, sources, secrets, err)
	}
	return &scriptError{strings.TrimRight(b.String(), "\n"), err}
}

// innermostMessage is what went wrong, without where.
func innermostMessage(err error) string {
	message := err.Error()
	for e := (*starlark.EvalError)(nil); errors.As(err, &e); err = errors.Unwrap(e) {
		message = e.Msg
	}
	return strings.TrimPrefix(message, "Starlark computation cancelled: ")
}

// calls writes the innermost place of an error, then the calls of every thread
// that it went through, the innermost first.
func calls(b *strings.Builder, sources map[string]string, secrets *revealed, err error) {
	var stacks []starlark.CallStack
	message := secrets.hide(innermostMessage(err))
	item, callback := "", false
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := e.(type) {
		case *starlark.EvalError:
			stacks = append(stacks, e.CallStack)
		case *itemError:
			item, callback = e.item.String(), !e.onResult
			if _, ok := e.item.(*Image); !ok { // which every report shows
				item = secrets.hide(item)
			}
		}
	}
	if strings.Contains(message, " frozen list") || strings.Contains(message, " frozen hash table") {
		if callback {
			message += " (calls of parallel run at once, so what they share is frozen: return a value instead)"
		} else {
			message += " (frozen, since calls of parallel run at once, is what the top level made and what parallel was given: change a copy)"
		}
	}
	frames := innermostFirst(stacks)
	if len(frames) > 1 && strings.HasPrefix(message, "function "+frames[0].Name+" ") {
		// The call was wrong, not the function, which was not entered.
		message += offerParameter(message, sources[frames[0].Pos.Filename()], frames[0].Pos)
		frames = frames[1:]
	}
	if len(frames) > 0 {
		point(b, sources, frames[0].Pos, message)
	} else {
		b.WriteString(message + "\n")
	}
	if item != "" {
		fmt.Fprintf(b, "while working on %s\n", item)
	}
	if len(frames) > 1 {
		b.WriteString("called from, the innermost first:\n")
		for i, frame := range frames {
			if more := len(frames) - 2*mostCalls; more > 1 && i >= mostCalls && i < mostCalls+more {
				if i == mostCalls {
					fmt.Fprintf(b, "  … %d more …\n", more)
				}
				continue
			}
			fmt.Fprintf(b, "  %s in %s\n", frame.Pos, frame.Name)
		}
	}
}

// innermostFirst puts the calls of all threads in one row, without those of
// builtins, which have no place in a script. stacks are the threads' own, the
// outermost first.
func innermostFirst(stacks []starlark.CallStack) []starlark.CallFrame {
	var frames []starlark.CallFrame
	for _, stack := range slices.Backward(stacks) {
		for _, frame := range slices.Backward(stack) {
			if frame.Pos.Line != 0 {
				frames = append(frames, frame)
			}
		}
	}
	return frames
}

// placeOf returns where a syntax error is: that a line ended too early, the
// parser says of the next one.
func placeOf(sources map[string]string, e syntax.Error) syntax.Position {
	pos := e.Pos
	if strings.HasPrefix(e.Msg, "got newline") && pos.Line > 1 && pos.Col == 1 {
		pos.Line--
		pos.Col = int32(utf8.RuneCountInString(lineAt(sources, pos))) + 1
	}
	return pos
}

// withAdvice adds to what is wrong with a line what to write instead.
func withAdvice(sources map[string]string, pos syntax.Position, message string) string {
	advice := syntaxAdvice(message, lineAt(sources, pos))
	if advice == "" {
		return message
	}
	return fmt.Sprintf("%s (%s)", message, advice)
}

// lineAt returns a line of a script, or "".
func lineAt(sources map[string]string, pos syntax.Position) string {
	lines := strings.Split(sources[pos.Filename()], "\n")
	if pos.Line < 1 || int(pos.Line) > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[pos.Line-1], "\r")
}

// mostCalls is how many calls are shown of each end of a stack.
const mostCalls = 10

// widest is how many characters of a line are shown.
const widest = 160

// point writes a message with its place, the line, and a caret.
func point(b *strings.Builder, sources map[string]string, pos syntax.Position, message string) {
	fmt.Fprintf(b, "%s: %s\n", pos, message)
	line := []rune(lineAt(sources, pos)) // columns count characters
	if len(line) == 0 {
		return
	}
	column := int(pos.Col)
	if column < 1 || column > len(line)+1 {
		column = 0
	}
	if len(line) > widest {
		from := min(max(0, column-widest/2), len(line)-widest)
		line = slices.Concat([]rune("…"), line[from:from+widest], []rune("…"))
		if column > 0 {
			column += 1 - from
		}
	}
	fmt.Fprintf(b, "    %s\n", string(line))
	if column == 0 {
		return
	}
	// A tab before the caret has to be as wide as the one above it.
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(line[:column-1]))
	fmt.Fprintf(b, "    %s^\n", indent)
}

// compareEqual answers == and != for values that have no order.
func compareEqual(op syntax.Token, equal bool, what string) (bool, error) {
	switch op {
	case syntax.EQL:
		return equal, nil
	case syntax.NEQ:
		return !equal, nil
	}
	return false, fmt.Errorf("%s has no order: %s %s %s", what, what, op, what)
}
