package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"mvrun/engine/imagelist"
	"mvrun/engine/sink"
	"mvrun/starlib"
)

// The files of a run: which it reads, which it writes, and which may not be the
// same.

// openResults opens the results file that the flags want, or returns nil.
func (r *runCommand) openResults(run sink.Run) (*sink.Results, sink.Earlier, error) {
	switch {
	case r.Results == "":
		return nil, nil, nil
	case r.Resume:
		return sink.ResumeResults(r.Results, run)
	}
	results, err := sink.CreateResults(r.Results, run)
	return results, nil, err
}

// checkFiles finds out what could not be written, or would destroy what is
// read, before the run.
func (r *runCommand) checkFiles(script starlib.Script, c console) error {
	for _, path := range r.AllowPath {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return fmt.Errorf("--allow-path %s: there is no such folder", path)
		}
	}
	files := r.inputs(script, c)
	if err := sink.CheckFailedList(r.Failed, files[0], files[1]); err != nil {
		return err
	}
	if r.Results == "" {
		return nil
	}
	for _, other := range []struct{ flag, path string }{{"-f", files[0]}, {"-o", r.Failed}, {"the script", files[1]}} {
		if sink.SameFile(r.Results, other.path) {
			return fmt.Errorf("--results %s would overwrite %s: give it another name", r.Results, other.flag)
		}
	}
	return nil
}

// inputs are the files that the run reads and must never replace: the list,
// also where it comes by redirection, the script, and its own results.
func (r *runCommand) inputs(script starlib.Script, c console) []string {
	list, program := r.File, script.Name
	if list == "-" || list == "" {
		list = ""
		if c.stdin == os.Stdin {
			list = os.Stdin.Name()
		}
	}
	if script.Bundled {
		program = ""
	}
	return []string{list, program, r.Results}
}

// named are the paths of flags, which the script may use wherever they are.
func (r *runCommand) named() []string {
	paths := append([]string{r.File, r.Failed, r.Results}, r.ownNamed...)
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// describe is the first line of the results file.
func (r *runCommand) describe(list *imagelist.List, script starlib.Script, all []*kong.Flag) sink.Run {
	run := sink.Run{Version: version, Script: r.Script, Program: script.SHA256(r.AllowPath), Flags: given(all, r.arguments), Started: time.Now()}
	run.List, run.SHA256 = list.Name, list.SHA256
	return run
}
