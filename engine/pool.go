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

// Each calls do for every item that next gives, in at most n goroutines, and
// returns when all have. next is called by one goroutine at a time, when one
// is free for the item, and ends with io.EOF. index counts the items from 0.
//
// The first error of next or do stops the taking of items, cancels the context
// of the others, and is returned. A panic in do is such an error.
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
	for range n {
		group.Go(func() error {
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
		})
	}
	return group.Wait()
}

// Guard turns a panic into an error: one image's bug must not take the others'
// results with it.
func Guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error, please report it: %v (%s)", p, culprit())
		}
	}()
	return do()
}

// culprit is where a panic that is being recovered from began.
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
