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

// ScriptError is an error of a script. Its message is for the person who wrote the
// script: it shows the place, the line with a caret, and the calls that led to the
// place.
type ScriptError struct {
	// Cause says why the context of the execution had ended. It is nil if the
	// context had not ended.
	Cause error

	message string
	err     error
}

func (e *ScriptError) Error() string { return e.message }
func (e *ScriptError) Unwrap() error { return e.err }

// causeOf returns the reason why the context ended, if that ended the script.
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
	onResult bool // whether the function was on_result
}

func (e *itemError) Error() string { return fmt.Sprintf("%v: %v", e.item, e.err) }
func (e *itemError) Unwrap() error { return e.err }

// newScriptError makes a ScriptError of an error. cause says why the context has
// ended, or is nil. The message does not show the values of secrets.
func newScriptError(sources diagnose.Sources, secrets *secrets, err, cause error) *ScriptError {
	if e, ok := any(err).(*ScriptError); ok { // errors.As would also find a wrapped ScriptError, which has another place
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

// runtimeMessage returns the message for an error of a running script. It shows
// the innermost place first, then the calls of all threads that the error passed
// through.
func runtimeMessage(sources diagnose.Sources, secrets *secrets, err error) string {
	stacks, item := trace(err)
	message := withAdvice(continued(secrets.hide(diagnose.InnermostMessage(err))), item)
	frames := innermostFirst(stacks)
	if len(frames) > 1 && strings.HasPrefix(message, "function "+frames[0].Name+" ") {
		// The arguments were wrong. The innermost frame is then that of the called
		// function, although it did not begin. The mistake is at the place of the
		// call, in the next frame.
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

// trace returns the call stacks of the threads that an error passed through, the
// outermost thread first. It also returns the error of the innermost item of parallel
// on that path, or nil.
func trace(err error) (stacks []starlark.CallStack, item *itemError) {
	for ; err != nil; err = errors.Unwrap(err) {
		switch e := any(err).(type) { // the loop unwraps, so errors.As must not
		case *starlark.EvalError:
			stacks = append(stacks, e.CallStack)
		case *itemError:
			item = e
		}
	}
	return stacks, item
}

// withAdvice adds advice to the message of an error about a frozen value, or about an
// image list that is used like a list: it says why the value is so, and what to do. item
// is the item of parallel for which the error came, or nil.
func withAdvice(message string, item *itemError) string {
	switch {
	case isAboutImageList(message):
		return message + " (the images are read while the script works on them: list(load_list()) is a list of them)"
	case !strings.Contains(message, " frozen list") && !strings.Contains(message, " frozen hash table"):
		return message
	case item != nil && !item.onResult:
		return message + " (calls of parallel run at once, so what they share is frozen: return a value instead)"
	}
	return message + " (values of the top level, and those given to parallel, are frozen, because calls of parallel run at once: change a copy)"
}

// isAboutImageList reports whether Starlark refuses what only a list can do: its length,
// one of its items, or an operator.
func isAboutImageList(message string) bool {
	return strings.HasSuffix(message, "value of type image_list has no len") ||
		strings.Contains(message, "operation image_list[") ||
		strings.Contains(message, "invalid slice operand image_list") ||
		strings.HasPrefix(message, "unknown binary op: ") && strings.Contains(message, "image_list")
}

// shownItem returns an item of parallel as text. Secrets are hidden, except in the
// names of an image, which every report shows anyway.
func shownItem(item starlark.Value, secrets *secrets) string {
	if _, ok := item.(*Image); ok {
		return item.String()
	}
	return secrets.hide(item.String())
}

// innermostFirst returns the calls of all threads, the innermost first. stacks
// has the opposite order: the outermost thread and the outermost call come first.
// Calls of builtins are left out, because they have no place in a script.
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

// maxCalls limits a deep stack: only the first maxCalls calls and the last maxCalls
// calls are shown.
const maxCalls = 10

// writeCalls writes the calls that led to an error.
func writeCalls(b *strings.Builder, frames []starlark.CallFrame) {
	b.WriteString("called from, the innermost first:\n")
	leftOut := len(frames) - 2*maxCalls
	for i, frame := range frames {
		if leftOut > 1 && i >= maxCalls && i < maxCalls+leftOut {
			if i == maxCalls {
				fmt.Fprintf(b, "  … %d more …\n", leftOut)
			}
			continue
		}
		fmt.Fprintf(b, "  %s in %s\n", frame.Pos, frame.Name)
	}
}
