package main

import (
	"fmt"
	"path/filepath"
	"sync"

	"mvrun/engine/imagelist"
	"mvrun/engine/sink"
)

// The lists that a run reads.

// lists opens lists, each once.
type lists struct {
	flags   *flags
	console console
	settle  func()       // waits until everything is on the screen
	opened  func(string) // told the path of every file
	run     *imagelist.List

	mu     sync.Mutex
	others map[string]*imagelist.List
}

// early opens the run's own list, so that a missing one is known at once.
func (l *lists) early() (*imagelist.List, error) {
	switch {
	case l.flags.File == "-" || l.flags.File == "" && !l.console.stdinTerminal:
		l.run = imagelist.Stream("standard input", l.console.stdin)
	case l.flags.File == "":
		l.run = imagelist.Prompt(l.console.stdin, func() {
			l.settle()
			fmt.Fprint(l.console.stderr, ">>> ")
		})
	default:
		var err error
		if l.run, err = imagelist.Open(l.flags.File); err != nil {
			return nil, err
		}
	}
	return l.run, nil
}

func (l *lists) open(path string) (*imagelist.List, error) {
	if path == "" {
		return l.run, nil
	}
	if sink.SameFile(path, l.flags.File) {
		return l.run, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	path = filepath.Clean(path)
	if list, ok := l.others[path]; ok {
		return list, nil
	}
	list, err := imagelist.Open(path)
	if err != nil {
		return nil, err
	}
	l.opened(path)
	if l.others == nil {
		l.others = map[string]*imagelist.List{}
	}
	l.others[path] = list
	return list, nil
}
