package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"mvrun/engine/disk"
	"mvrun/engine/imagelist"
	"mvrun/engine/imagelist/formats"
)

// lists opens the lists of a run, each once.
type lists struct {
	path   string          // of the run's own list
	format string          // of lists for which the script names none
	own    *imagelist.List // nil in a session without one

	mu     sync.Mutex
	others map[string]other
}

// other is a list that the script opened.
type other struct {
	*imagelist.List
	format string
}

// openLists opens the run's own list, so that a missing one is known at once.
// settle is called before each prompt: it waits until everything is on the
// screen.
func openLists(c *Config, settle func()) (*lists, error) {
	l := &lists{path: c.List, format: cmp.Or(c.ListFormat, formats.Auto), others: map[string]other{}}
	reader, err := formats.New(l.format)
	if err != nil {
		return nil, err
	}
	switch {
	case c.List == "" && c.Session:
	case !c.Shard.IsWhole() && (c.List == "-" || c.List == ""):
		return nil, errStreamOfParts
	case c.List == "-" || c.List == "" && !c.Console.StdinTerminal:
		l.own = reader.Stream(standardInput, c.Console.Stdin)
	case c.List == "":
		var welcome sync.Once
		l.own = imagelist.Prompt(c.Console.Stdin, func() {
			settle()
			welcome.Do(func() {
				fmt.Fprintln(c.Console.Stderr, `One image a line: SOURCE DESTINATION TAG. "help" explains more, "quit" or Ctrl-D ends.`)
			})
			fmt.Fprint(c.Console.Stderr, ">>> ")
		}, func(line string) (bool, error) { return promptCommand(line, c.Console.Stderr) })
	default:
		l.own, err = openFile(reader, c.List)
		switch {
		case err != nil:
		case l.own.SHA256 != "":
			err = checkOwn(l.own, c)
		case !c.Shard.IsWhole():
			err = errStreamOfParts
		}
	}
	return l, err
}

// errStreamOfParts is the error of a part whose list is no file, but standard input or a
// pipe. Nobody would know that all parts have read the same lines.
var errStreamOfParts = errors.New("--shard needs a list in a file, which all parts read: name it with -f")

// promptHelp is what a person reads who types "help" in place of an image.
const promptHelp = `Type one image a line. The answer comes at once:

  SOURCE DESTINATION TAG     nginx registry.corp.example/library/nginx 1.27
  SOURCE:TAG DEST:TAG        nginx:1.27.3 registry.corp.example/library/nginx:stable
  NAME:TAG                   nginx:1.27, if -d or DEST_REGISTRY names the destination

"quit" or Ctrl-D ends the run and shows its summary. "mvrun help" explains all flags.
`

// promptCommand executes a line of the prompt if it is a command. An image with such a
// name is still an image if a tag follows: help:latest.
func promptCommand(line string, w io.Writer) (executed bool, err error) {
	switch line {
	case "help", "?":
		_, err = io.WriteString(w, promptHelp)
		return true, err
	case "quit", "exit":
		return true, io.EOF
	}
	return false, nil
}

// Names of lists that are no files.
const (
	standardInput = "standard input"
	prompt        = "prompt" // as imagelist.Prompt calls its list
)

// openFile opens the list at path. Results are told apart by the names of their
// lists, so a file that has the name of a stream gets a folder before its name.
func openFile(reader *imagelist.Reader, path string) (*imagelist.List, error) {
	if path == standardInput || path == prompt {
		path = "." + string(filepath.Separator) + path
	}
	return reader.Open(path)
}

// checkOwn returns an error if the file of the run's own list is the wrong file,
// before the run writes anything. Load checks every list as well, but only once the
// script asks for it. A user's script may know the destination: it is left to Load
// whether there is none.
func checkOwn(list *imagelist.List, c *Config) error {
	options := c.Options
	if !c.Script.Bundled {
		options.Destination = cmp.Or(options.Destination, "registry.example")
	}
	return list.Check(context.Background(), options)
}

// interactive reports whether a person types the lines of the run's own list.
func (l *lists) interactive() bool { return l.own != nil && l.own.Interactive() }

// errNoList is the error of a session's load_list without a path.
var errNoList = errors.New(`the session has no list: name one, load_list("list.txt"), or begin with mvrun repl -f list.txt`)

// open returns a list: the run's own if path is "". format is "" if the script names
// none.
func (l *lists) open(path, format string) (*imagelist.List, error) {
	if path == "" && l.own == nil {
		return nil, errNoList
	}
	wanted := cmp.Or(format, l.format)
	reader, err := formats.New(wanted)
	if err != nil {
		return nil, err
	}
	if path == "" || disk.SameFile(path, l.path) {
		return l.own, checkFormat(l.own, l.format, wanted, "give --list-format")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	path = filepath.Clean(path)
	if list, ok := l.others[path]; ok {
		return list.List, checkFormat(list.List, list.format, wanted, "name the same format each time")
	}
	list, err := openFile(reader, path)
	if err != nil {
		return nil, err
	}
	l.others[path] = other{list, wanted}
	return list, nil
}

// checkFormat returns an error if a list that is open in one format is wanted in
// another.
func checkFormat(list *imagelist.List, format, wanted, advice string) error {
	recognised, _, _ := list.Recognised()
	if wanted == format || wanted == recognised || wanted == formats.Auto {
		return nil
	}
	return fmt.Errorf("%s was opened in the format %s, and cannot be read as %s, too: %s", list.Name, cmp.Or(recognised, format), wanted, advice)
}
