package job

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"

	"mvrun/engine/sink"
)

// Output is standard output for those who write to it without looking: it remembers the
// first error.
type Output struct {
	io.Writer
	mu  sync.Mutex
	err error
}

// Write implements io.Writer.
func (o *Output) Write(b []byte) (int, error) {
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

// Lost returns the error of output that could not be written. what names the output. A
// reader that closes the pipe, as "| head" does, has read enough.
func (o *Output) Lost(what string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || errors.Is(o.err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("writing %s to standard output: %w", what, o.err)
}

// printed is standard output as scripts print to it, whose print cannot report an error.
type printed struct {
	Output
	terminal bool // whether a person sees it, whose terminal the labels of an image must not command
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	if !p.terminal {
		return p.Output.Write(b)
	}
	if n, err := io.WriteString(&p.Output, sink.Clean(string(b))); err != nil {
		return n, err
	}
	return len(b), nil
}
