package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// output is standard output as scripts print to it. It remembers what could
// not be written, as a script's print has no way to say it.
type output struct {
	io.Writer
	mu  sync.Mutex
	err error
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

// lost says what went wrong, if anything did. Who closes a pipe, as "| head"
// does, has read enough.
func (o *output) lost() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || errors.Is(o.err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("writing what the script prints to standard output: %w", o.err)
}
