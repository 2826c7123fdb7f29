package job

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"mvrun/engine/disk"
	"mvrun/engine/imagelist"
)

// lists opens the lists of a run, each once.
type lists struct {
	path string          // of the run's own list
	own  *imagelist.List // nil in a session without one

	mu     sync.Mutex
	others map[string]*imagelist.List
}

// openLists opens the run's own list, so that a missing one is known at once.
// settle is called before each prompt: it waits until everything is on the
// screen.
func openLists(c *Config, settle func()) (*lists, error) {
	l := &lists{path: c.List, others: map[string]*imagelist.List{}}
	var err error
	switch {
	case c.List == "" && c.Session:
	case c.List == "-" || c.List == "" && !c.Console.StdinTerminal:
		l.own = imagelist.Stream("standard input", c.Console.Stdin)
	case c.List == "":
		l.own = imagelist.Prompt(c.Console.Stdin, func() {
			settle()
			fmt.Fprint(c.Console.Stderr, ">>> ")
		})
	default:
		l.own, err = imagelist.Open(c.List)
	}
	return l, err
}

// interactive reports whether a person types the lines of the run's own list.
func (l *lists) interactive() bool { return l.own != nil && l.own.Interactive() }

// errNoList is the error of a session's load_list without a path.
var errNoList = errors.New(`the session has no list: name one, load_list("list.txt"), or begin with mvrun repl -f list.txt`)

// open returns a list: the run's own if path is "".
func (l *lists) open(path string) (*imagelist.List, error) {
	if path == "" && l.own == nil {
		return nil, errNoList
	}
	if path == "" || disk.SameFile(path, l.path) {
		return l.own, nil
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
	l.others[path] = list
	return list, nil
}
