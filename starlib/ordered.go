package starlib

import (
	"sync"

	"go.starlark.net/starlark"
)

// ordered collects what concurrent calls return in the order of their items.
type ordered struct {
	thread   *starlark.Thread // of parallel's caller, which waits meanwhile
	onResult starlark.Callable

	mu     sync.Mutex
	values []starlark.Value
}

// put stores a value, and shows it to the callback: one call at a time.
func (o *ordered) put(index int, value starlark.Value) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.values) <= index {
		o.values = append(o.values, starlark.None)
	}
	o.values[index] = value
	if o.onResult == nil {
		return nil
	}
	_, err := starlark.Call(o.thread, o.onResult, starlark.Tuple{value}, nil)
	if e, ok := err.(*starlark.EvalError); ok {
		// The thread's other calls are those of parallel, which adds them.
		if above := o.thread.CallStackDepth(); above < len(e.CallStack) {
			e.CallStack = e.CallStack[above:]
		}
	}
	return err
}
