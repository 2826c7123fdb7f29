package starlib

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.starlark.net/starlark"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/param"
	"mvrun/validate"
)

// maxDepth is how many calls of parallel and attempt may be nested in one another.
const maxDepth = 1000

// parallel implements parallel(fn, items, on_result). It calls fn for every item,
// for as many items at once as there are jobs. It returns the results in the order
// of the items.
func (e *execution) parallel(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn starlark.Callable
	var items starlark.Iterable
	var onResult starlark.Callable
	if err := param.Unpack(b, args, kwargs, "fn", &fn, "items", &items, "on_result??", &onResult); err != nil {
		return nil, err
	}
	if session, ok := thread.Local(promptLocal).(*Session); ok {
		session.freeze(thread)
	} else if AtTopLevel(thread) {
		return nil, fmt.Errorf("%s: only main, or what it calls, may use %s: the top level is not frozen yet, and callbacks run at once", b.Name(), b.Name())
	}
	depth, _ := thread.Local(depthLocal).(int)
	if depth == maxDepth { // Starlark's check for recursion sees only the stack of one thread
		return nil, fmt.Errorf("%s: %d calls are nested in one another: does a callback call itself?", b.Name(), maxDepth)
	}
	// Calls that run at once must not share values that can change.
	fn.Freeze()
	cursor, err := cursorOf(Context(thread), items)
	if err != nil {
		return nil, err
	}

	defer thread.SetLocal(waitingLocal, thread.Local(waitingLocal)) // on_result may call parallel, too
	thread.SetLocal(waitingLocal, true)
	results := &orderedResults{thread: thread, onResult: onResult}
	fair := itemsOf(cursor, e.Engine.Jobs(), e.Engine.IsAuto())
	err = engine.Each(Context(thread), e.Engine.Jobs(), e.preparing(fair), func(ctx context.Context, _ int, n numbered) error {
		defer fair.done(n)
		index, item := n.index, n.value
		worker, end := e.thread(ctx, fmt.Sprintf("%s #%d", fn.Name(), index+1))
		worker.SetLocal(depthLocal, depth+1)
		value, err := starlark.Call(worker, fn, starlark.Tuple{item}, nil)
		if err != nil {
			e.recordFailure(worker, item, err)
		}
		end()
		if err != nil {
			return &itemError{item: item, err: err}
		}
		if err := results.put(index, value); err != nil {
			return &itemError{item: item, err: err, onResult: true}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return starlark.NewList(results.values), nil
}

// recordFailure notes that the script failed while a thread worked on an image: the
// result of the image becomes an error. Otherwise an earlier validate() of the image
// could still count as a pass. item is the item of parallel, or nil.
func (e *execution) recordFailure(thread *starlark.Thread, item starlark.Value, err error) {
	reason, message := validate.Script, "the script failed: "+e.secrets.hide(diagnose.InnermostMessage(err))
	if Context(thread).Err() != nil {
		if reason, message = engine.Ended(context.Cause(Context(thread))); reason == validate.Interrupted {
			message = "the script was stopped before it was done with the image"
		}
	}
	var image *imagelist.Image
	if i, ok := item.(*Image); ok {
		image = &i.image
	}
	taskOf(thread).Fail(image, reason, message)
}

// orderedResults collects the results of concurrent calls, in the order of the items.
type orderedResults struct {
	thread   *starlark.Thread // the thread that called parallel; it calls on_result while it waits
	onResult starlark.Callable

	mu     sync.Mutex
	values []starlark.Value
}

// put stores a value and calls on_result with it. Only one such call runs at a
// time.
func (o *orderedResults) put(index int, value starlark.Value) error {
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
	if e, ok := errors.AsType[*starlark.EvalError](err); ok {
		// The stack also has the calls that led to parallel. They are removed here,
		// because the error of parallel itself will have them.
		if above := o.thread.CallStackDepth(); above < len(e.CallStack) {
			e.CallStack = e.CallStack[above:]
		}
	}
	return err
}
