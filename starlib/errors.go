package starlib

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/starlib/diagnose"
)

// ScriptError is an error of a script, written for the person who wrote the
// script: with the place, the line and a caret, and the calls that led there.
type ScriptError struct {
	// Cause is why the context of the execution had ended, nil if it had not.
	Cause error

	message string
	err     error
}

func (e *ScriptError) Error() string { return e.message }
func (e *ScriptError) Unwrap() error { return e.err }

// causeOf returns the cause of the end of a context, if that ended the script.
// Otherwise it returns the script's own error.
func causeOf(err error) error {
	if e := (*ScriptError)(nil); errors.As(err, &e) && e.Cause != nil && !errors.Is(e.Cause, context.Canceled) {
		return e.Cause
	}
	return err
}

// itemError is an error of a function that parallel called for an item.
type itemError struct {
	item     starlark.Value
	err      error
	onResult bool // the function was on_result
}

func (e *itemError) Error() string { return fmt.Sprintf("%v: %v", e.item, e.err) }
func (e *itemError) Unwrap() error { return e.err }

// newScriptError returns the ScriptError of an error. cause is why the context
// has ended, or nil. Values of secrets do not appear in the message.
func newScriptError(sources diagnose.Sources, secrets *secrets, err, cause error) *ScriptError {
	if e, ok := any(err).(*ScriptError); ok { // not one that err wraps, whose place is another
		e.Cause = cause
		return e
	}
	message := ""
	for _, fault := range sources.Faults(err) {
		message += sources.Show(fault.Pos, fault.Message)
	}
	if message == "" {
		message = runtimeMessage(sources, secrets, err)
	}
	return &ScriptError{Cause: cause, message: strings.TrimRight(message, "\n"), err: err}
}

// runtimeMessage returns the message of an error that a running script met: the
// innermost place, then the calls of every thread that the error went through.
func runtimeMessage(sources diagnose.Sources, secrets *secrets, err error) string {
	stacks, item := trace(err)
	message := withFrozenAdvice(secrets.hide(diagnose.InnermostMessage(err)), item)
	frames := innermostFirst(stacks)
	if len(frames) > 1 && strings.HasPrefix(message, "function "+frames[0].Name+" ") {
		// The arguments were wrong. The interpreter names the place of the
		// function, which was not entered; the caller's place is the one to show.
		message += sources.OfferParameter(message, frames[0].Pos)
		frames = frames[1:]
	}
	var b strings.Builder
	if len(frames) > 0 {
		b.WriteString(sources.Show(frames[0].Pos, message))
	} else {
		b.WriteString(message + "\n")
	}
	if item != nil {
		fmt.Fprintf(&b, "while working on %s\n", shownItem(item.item, secrets))
	}
	if len(frames) > 1 {
		writeCalls(&b, frames)
	}
	return b.String()
}

// trace returns the call stacks of the threads that an error went through, the
// outermost thread first, and the innermost item of parallel on its way, or nil.
func trace(err error) (stacks []starlark.CallStack, item *itemError) {
	for ; err != nil; err = errors.Unwrap(err) {
		switch e := any(err).(type) { // each error of the chain by itself, not what it wraps
		case *starlark.EvalError:
			stacks = append(stacks, e.CallStack)
		case *itemError:
			item = e
		}
	}
	return stacks, item
}

// withFrozenAdvice adds to an error about a frozen value why the value is
// frozen. item is the item of parallel that was worked on, or nil.
func withFrozenAdvice(message string, item *itemError) string {
	switch {
	case !strings.Contains(message, " frozen list") && !strings.Contains(message, " frozen hash table"):
		return message
	case item != nil && !item.onResult:
		return message + " (calls of parallel run at once, so what they share is frozen: return a value instead)"
	}
	return message + " (values of the top level, and those given to parallel, are frozen, because calls of parallel run at once: change a copy)"
}

// shownItem writes an item of parallel. Every report shows an image as it is, so
// nothing in it is hidden.
func shownItem(item starlark.Value, secrets *secrets) string {
	if _, ok := item.(*Image); ok {
		return item.String()
	}
	return secrets.hide(item.String())
}

// innermostFirst returns the calls of all threads, the innermost first. Calls of
// builtins are left out, because they have no place in a script. stacks begins
// with the outermost thread, and each stack with its outermost call.
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

// maxCalls is the number of calls that are shown of each end of a deep stack.
const maxCalls = 10

// writeCalls writes the calls that led to an error.
func writeCalls(b *strings.Builder, frames []starlark.CallFrame) {
	b.WriteString("called from, the innermost first:\n")
	left := len(frames) - 2*maxCalls
	for i, frame := range frames {
		if left > 1 && i >= maxCalls && i < maxCalls+left {
			if i == maxCalls {
				fmt.Fprintf(b, "  … %d more …\n", left)
			}
			continue
		}
		fmt.Fprintf(b, "  %s in %s\n", frame.Pos, frame.Name)
	}
}
