package job

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"

	"mvrun/engine/sink"
)

// printed is standard output as scripts print to it. It remembers the first
// error, since a script's print cannot report one.
type printed struct {
	io.Writer
	terminal bool // whether a person sees it, whose terminal the labels of an image must not command
	mu       sync.Mutex
	err      error
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	n, err := p.write(b)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.err == nil {
			p.err = err
		}
	}
	return n, err
}

func (p *printed) write(b []byte) (int, error) {
	if !p.terminal {
		return p.Writer.Write(b)
	}
	if n, err := io.WriteString(p.Writer, sink.Clean(string(b))); err != nil {
		return n, err
	}
	return len(b), nil
}

// lost returns the error of output that could not be written. A reader that
// closes the pipe, as "| head" does, has read enough.
func (p *printed) lost() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil || errors.Is(p.err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("writing what the script prints to standard output: %w", p.err)
}
