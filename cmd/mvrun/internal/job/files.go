package job

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"mvrun/engine/disk"
	"mvrun/starlib/source"
)

// use is what a run does with a file.
type use int

const (
	reads   use = iota // the run must never replace the file
	writes             // the run replaces the file, or appends to it
	findsIn            // a folder, in which the script may read and write
)

// file is a row of the table of files.
type file struct {
	flag string // how the user names the file: a flag, or "the script"
	path *string
	use  use
	// loaded says that the file was read already, as the script and its modules are,
	// or is open already.
	loaded bool
	// appends says that the run adds to the file, and leaves what is there.
	appends bool
	// check returns an error if the file cannot be used; nil checks nothing.
	check func(path string) error
}

// files is the one table of the files that a run reads or writes. A new file
// needs a row here, or is one of Config.Reports.
func (c *Config) files() []file {
	table := []file{
		{flag: "-f", path: &c.List, use: reads},
		{flag: "-o", path: &c.Failed, use: writes, check: checkFailedList},
		{flag: "--results", path: &c.Results, use: writes, check: checkResults},
	}
	flag := "the script"
	for _, script := range append([]source.Script{c.Script}, c.Script.Modules(source.Access{Folders: c.AllowDirs})...) {
		if !script.Bundled && script.Name != "" {
			table = append(table, file{flag: flag, path: &script.Name, use: reads, loaded: true})
		}
		flag = "a module of the script"
	}
	for _, redirected := range c.redirected() {
		table = append(table, file{flag: redirectedFlag, path: &redirected, use: reads, loaded: true})
	}
	for _, path := range c.registryFiles() {
		table = append(table, file{flag: "--registries", path: &path, use: reads, loaded: true})
	}
	table = append(table, reportFiles(c.Reports)...)
	for i := range c.AllowDirs {
		table = append(table, file{flag: "--allow-path", path: &c.AllowDirs[i], use: findsIn, check: checkFolder})
	}
	return table
}

// redirectedFlag is what messages call a file that standard output or standard
// error is redirected to.
const redirectedFlag = "what the shell redirects to it"

// redirected returns the names of standard output and standard error, as far as
// they are files. Replacing such a file would lose what the run prints.
func (c *Config) redirected() []string {
	var names []string
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		info, err := f.Stat()
		if (c.Console.Stdout == f || c.Console.Stderr == f) && err == nil && info.Mode().IsRegular() {
			names = append(names, f.Name())
		}
	}
	return names
}

// checkFailedList returns an error if the failed list cannot be written.
func checkFailedList(path string) error {
	switch err := disk.CheckReplaceable(path); {
	case err == nil:
		return nil
	case errors.Is(err, disk.ErrDirectory):
		return fmt.Errorf("the failed list %s (-o) is a directory: give the name of a file", path)
	default:
		return fmt.Errorf("the failed list cannot be written to %s (-o): %w", path, err)
	}
}

// checkResults returns an error if the results file could be one that another user
// has put there.
func checkResults(path string) error {
	if err := disk.CheckOwner(path); err != nil {
		return fmt.Errorf("--results %s: %w", path, err)
	}
	return nil
}

// reportFiles returns the rows of reports.
func reportFiles(reports []Report) []file {
	var rows []file
	for i := range reports {
		row := file{flag: reports[i].Flag, path: &reports[i].Path, use: writes, check: checkReport(reports[i].Flag)}
		if reports[i].Appends { // what is in the file stays, so nothing may replace it
			row.use, row.appends, row.loaded, row.check = reads, true, true, nil
		}
		rows = append(rows, row)
	}
	return rows
}

// checkReport returns the check of a report that a flag names.
func checkReport(flag string) func(path string) error {
	return func(path string) error {
		if err := disk.CheckReplaceable(path); err != nil {
			return fmt.Errorf("%s %s cannot be written: %w", flag, path, err)
		}
		return nil
	}
}

// checkFolder returns an error if there is no such folder.
func checkFolder(path string) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return fmt.Errorf("--allow-path %s: there is no such folder", path)
	}
	return nil
}

// standardOutput is the path that stands for standard output where a file is
// written.
const standardOutput = "-"

// outputNames are other names of standard output. Opening one of these would
// begin a redirected file anew, and replacing it would remove the file.
var outputNames = []string{"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}

// settle moves the paths of the table into the sandbox. It returns an error if a
// file could not be written, or if writing it would destroy another one.
func (c *Config) settle() error {
	table := c.files()
	if err := c.nameParts(table); err != nil {
		return err
	}
	for _, f := range table {
		if f.use == writes && slices.Contains(outputNames, filepath.Clean(*f.path)) {
			*f.path = standardOutput
		}
		c.move(f)
	}
	if c.Failed == standardOutput && c.Results == standardOutput {
		return errors.New("-o - and --results -: only one of them can go to standard output")
	}
	if c.Resume && c.Results == standardOutput {
		return errors.New("--results - with --resume: what went to standard output cannot be read again: name a file")
	}
	// The folders come first: their error tells more than what follows from it.
	slices.SortStableFunc(table, func(a, b file) int { return int(b.use - a.use) })
	return checkTable(table, c.onDisk, c.overwrites)
}

// checkTable returns an error if a file of a table could not be written, or if writing it
// would destroy another one. onDisk returns the path of a row's file, or "" if it is no
// file. overwrites makes the error of a file that would replace another one.
func checkTable(table []file, onDisk func(file) string, overwrites func(f, other file) error) error {
	for i, f := range table {
		if *f.path == "" {
			continue
		}
		if other, found := overwritten(f, table, i, onDisk); found {
			return overwrites(f, other)
		}
		if f.check != nil && *f.path != standardOutput {
			if err := f.check(*f.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// overwritten returns a file that writing a row's file would destroy or change: one that is
// read, or one that is written for a row before the given place.
func overwritten(f file, table []file, place int, onDisk func(file) string) (other file, found bool) {
	if f.use != writes && !f.appends {
		return file{}, false
	}
	for i, other := range table {
		if i == place || *f.path == standardOutput && other.flag == redirectedFlag {
			continue
		}
		if (other.use == reads || other.use == writes && i < place) && disk.SameFile(onDisk(f), onDisk(other)) {
			return other, true
		}
	}
	return file{}, false
}

// move moves the path of a row into the sandbox.
func (c *Config) move(f file) {
	switch {
	case *f.path == "", *f.path == "-": // standard input or output
	case f.loaded:
	case f.use == writes:
		*f.path = c.Sandbox.Made(*f.path)
	default:
		*f.path = c.Sandbox.Found(*f.path)
	}
}

// overwrites returns the error of a file that would replace another one.
func (c *Config) overwrites(f, other file) error {
	if f.flag == "-o" {
		switch other.flag {
		case "-f":
			return fmt.Errorf("the failed list would replace the list itself: give -o another file than -f %s", c.onDisk(other))
		case "the script":
			return fmt.Errorf("the failed list would replace the script %s: give -o another file", *other.path)
		case "a module of the script":
			return fmt.Errorf("the failed list would replace %s, a module of the script: give -o another file", *other.path)
		}
	}
	return overwritesError(f, other)
}

func overwritesError(f, other file) error {
	return fmt.Errorf("%s %s would overwrite %s: give it another name", f.flag, *f.path, other.flag)
}

// onDisk returns the path of a row's file, or "" if it is no file. Standard
// input and output may be files, too, by redirection.
func (c *Config) onDisk(f file) string {
	switch {
	case f.path == &c.List && (c.List == "-" || c.List == ""):
		if c.Console.Stdin == os.Stdin {
			return os.Stdin.Name()
		}
		return ""
	case f.use == writes && *f.path == standardOutput:
		if info, err := os.Stdout.Stat(); c.Console.Stdout == os.Stdout && err == nil && info.Mode().IsRegular() {
			return os.Stdout.Name()
		}
		return ""
	}
	return *f.path
}
