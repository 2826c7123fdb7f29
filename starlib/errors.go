package starlib

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib/diagnose"
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
func newScriptError(sources diagnose.Sources, secrets *revealed, err error) error {
	var b strings.Builder
	faults := sources.Faults(err)
	for _, fault := range faults {
		b.WriteString(sources.Show(fault.Pos, fault.Message))
	}
	if faults == nil {
		calls(&b, sources, secrets, err)
	}
	return &scriptError{strings.TrimRight(b.String(), "\n"), err}
}

// calls writes the innermost place of an error, then the calls of every thread
// that it went through, the innermost first.
func calls(b *strings.Builder, sources diagnose.Sources, secrets *revealed, err error) {
	var stacks []starlark.CallStack
	message := secrets.hide(diagnose.InnermostMessage(err))
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
		message += sources.OfferParameter(message, frames[0].Pos)
		frames = frames[1:]
	}
	if len(frames) > 0 {
		b.WriteString(sources.Show(frames[0].Pos, message))
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

// mostCalls is how many calls are shown of each end of a stack.
const mostCalls = 10

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
