package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mvrun/engine/registry/memory"
	"mvrun/starlib"
)

// The world of one test: its registries, its folder, and the scripts that it
// runs there.

// testWorld implements starlib.World.
type testWorld struct {
	file       string // the test's
	folder     string // where what it runs writes
	network    memory.Network
	transcript io.Writer
}

func newTestWorld(file string, transcript io.Writer) (*testWorld, error) {
	folder, err := os.MkdirTemp("", "mvrun-test-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the test: %w", err)
	}
	return &testWorld{file: file, folder: folder, transcript: &lockedWriter{w: transcript}}, nil
}

func (w *testWorld) close() error { return os.RemoveAll(w.folder) }

// execute does something with the test's file, and what scripts have.
func (w *testWorld) execute(ctx context.Context, lookupEnv func(string) (string, bool), do func(context.Context, starlib.Script, starlib.Options) error) error {
	var outcome error
	executed := false
	rehearsal := &rehearsal{world: w, clock: starlib.NewClock(time.Time{})}
	rehearsal.execute = func(ctx context.Context, script starlib.Script, o starlib.Options) (*int, error) {
		o.LookupEnv = lookupEnv
		outcome, executed = do(ctx, script, o), true
		return new(int), outcome
	}
	noEnv := func(string) (string, bool) { return "", false } // for the flags: they have their defaults
	c := console{stdin: strings.NewReader(""), stdout: w.transcript, stderr: w.transcript, lookupEnv: noEnv, isolated: true}
	parsed, err := parserOf(c, "").Parse([]string{"run", "--", w.file})
	if err != nil {
		return err
	}
	command := parsed.Selected().Target.Addr().Interface().(*runCommand)
	rehearsal.prepare(command)
	_, err = command.run(ctx, parsed.Flags(), c)
	if !executed {
		return err
	}
	return outcome // all else is about the images that the test validated
}

// RunScript implements starlib.World.
func (w *testWorld) RunScript(ctx context.Context, s starlib.ScriptRun) (starlib.ScriptOutcome, error) {
	var outcome starlib.ScriptOutcome
	path := w.scriptPath(s.Script)
	if _, err := starlib.Find(path); err != nil {
		return outcome, err
	}
	var stdout, stderr bytes.Buffer
	c := console{
		stdin: strings.NewReader(s.List), stdout: &lockedWriter{w: &stdout}, stderr: &lockedWriter{w: &stderr}, isolated: true,
		lookupEnv: func(name string) (string, bool) { value, ok := s.Env[name]; return value, ok },
	}
	rehearsal := &rehearsal{world: w, clock: starlib.NewClock(s.Now), execute: starlib.Run}
	failed := ""
	outcome.Status = runPrepared(ctx, append([]string{"run", path}, s.Flags...), c, func(command *runCommand) {
		rehearsal.prepare(command)
		failed = command.Failed
	})
	outcome.Output, outcome.Log, outcome.Results = w.readable(stdout.String()), w.readable(stderr.String()), rehearsal.results()
	fmt.Fprintf(w.transcript, "$ mvrun %s\n%s%sexit status %d\n", strings.Join(append([]string{s.Script}, s.Flags...), " "), outcome.Log, outcome.Output, outcome.Status)

	if lines, err := os.ReadFile(failed); err == nil && len(lines) > 0 {
		outcome.Failed = strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n")
	}
	var err error
	outcome.Files, err = w.files()
	return outcome, err
}

// scriptPath is where a script lies that the test names.
func (w *testWorld) scriptPath(name string) string {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(filepath.Dir(w.file), name)
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && slices.Contains(starlib.Names(), name) {
		return name
	}
	return path
}

// readable is a text in which the test's files have their own names, and not
// those of a folder that is different every time.
func (w *testWorld) readable(text string) string {
	return strings.ReplaceAll(text, w.folder+string(filepath.Separator), "")
}

// files are those in the test's folder, by their names.
func (w *testWorld) files() (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(w.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(w.folder, path)
		files[filepath.ToSlash(name)] = string(content)
		return err
	})
	return files, err
}

// lockedWriter lets several write, one at a time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
