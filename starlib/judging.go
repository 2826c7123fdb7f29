package starlib

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/starlib/param"
)

// This file has the builtins with which a script judges results itself.

// waive implements waive(result, reason). It returns the result as a waived one. A
// result that is OK is returned unchanged.
func (e *execution) waive(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	result, reason, err := unpackJudged(b, args, kwargs, "say why, and until when, for the readers of the report")
	if err != nil {
		return nil, err
	}
	if result.packed.OK() {
		return result, nil
	}
	return &Result{taskOf(thread).Waive(result.packed.Result(), e.secrets.hide(reason)).Pack()}, nil
}

// reject implements reject(result, reason). It returns the result as a failed one.
func (e *execution) reject(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	result, reason, err := unpackJudged(b, args, kwargs, "say what is wrong with the image, for the readers of the report")
	if err != nil {
		return nil, err
	}
	return &Result{taskOf(thread).Reject(result.packed.Result(), e.secrets.hide(reason)).Pack()}, nil
}

// unpackJudged returns the arguments of waive and reject. advice says what the reason is
// for.
func unpackJudged(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, advice string) (*Result, string, error) {
	var value starlark.Value
	var reason string
	if err := param.Unpack(b, args, kwargs, "result", &value, "reason", &reason); err != nil {
		return nil, "", err
	}
	result, ok := value.(*Result)
	if !ok {
		return nil, "", fmt.Errorf("%s: got %s, want a result, such as validate(image) gives", b.Name(), param.Describe(value))
	}
	if strings.TrimSpace(reason) == "" {
		return nil, "", fmt.Errorf("%s: the reason is empty: %s", b.Name(), advice)
	}
	return result, reason, nil
}

// Exit statuses that a script gets for results.
const (
	statusOK        = 0
	statusFailed    = 1
	statusUnchecked = 3
)

// exitStatusOf implements exit_status(results, max_failures). It lets so many failures
// pass, but nothing that could not be checked.
func (e *execution) exitStatusOf(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var values starlark.Iterable
	most := 0
	if err := param.Unpack(b, args, kwargs, "results", &values, "max_failures?", &most); err != nil {
		return nil, err
	}
	if most < 0 {
		return nil, fmt.Errorf("%s: max_failures is %d: want 0 or more", b.Name(), most)
	}
	results, err := packedResults(b, values)
	if err != nil {
		return nil, err
	}
	status := statusOK
	switch failed, unchecked := e.Engine.CountBad(results); {
	case failed > most:
		status = statusFailed
	case unchecked > 0:
		status = statusUnchecked
	}
	return starlark.MakeInt(status), nil
}
