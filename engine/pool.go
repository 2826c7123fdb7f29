package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Each calls do for every item that next returns, in n goroutines, and returns
// when all calls have returned. index counts the items from 0.
//
// next is called by one goroutine at a time, and only when that goroutine is free
// to work on the item. io.EOF means that there are no more items; next may be
// called again after that.
//
// The first error of next or do is the error of Each: it cancels the context of
// the other calls, and no more items are taken. A panic in do is such an error.
func Each[T any](ctx context.Context, n int, next func(context.Context) (T, error), do func(ctx context.Context, index int, item T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var mu sync.Mutex
	taken := 0
	take := func() (index int, item T, err error) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil {
			return 0, item, context.Cause(ctx)
		}
		item, err = next(ctx)
		taken++
		return taken - 1, item, err
	}
	work := func() error {
		for {
			index, item, err := take()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = Guard(func() error { return do(ctx, index, item) })
			}
			if err != nil {
				return err
			}
		}
	}
	for range n {
		group.Go(work)
	}
	return group.Wait()
}

// Guard calls do and turns a panic into an error: a bug that one image meets must
// not cost the results of the others.
func Guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error, please report it: %v (%s)", p, culprit())
		}
	}()
	return do()
}

// culprit returns the file and line where the panic began that is being recovered
// from.
func culprit() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", path.Base(frame.File), frame.Line)
		}
	}
}
