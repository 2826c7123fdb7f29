package rehearsal

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

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine"
	"mvrun/engine/registry/memory"
	"mvrun/starlib"
	"mvrun/starlib/scripttest"
	"mvrun/starlib/source"
)

// world has everything that belongs to one test: its registries, its folder, and
// its transcript. It implements scripttest.World.
type world struct {
	command    Command
	file       string // the path of the test's file
	sandbox    sandbox
	network    memory.Network
	transcript io.Writer // gets the output of the test and of the scripts that it runs
}

// newWorld makes the world of a test in file. folders are those that the user has given to
// "mvrun test".
func newWorld(command Command, file string, folders []string, transcript io.Writer) (*world, error) {
	folder, err := os.MkdirTemp("", "mvrun-test-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the test: %w", err)
	}
	confine := source.NewLoader(source.Script{Name: file}, source.Access{Folders: folders}).Confine
	return &world{command: command, file: file, sandbox: sandbox{folder, filepath.Dir(file), confine}, transcript: &lockedWriter{w: transcript}}, nil
}

func (w *world) close() error { return os.RemoveAll(w.sandbox.folder) }

// configure returns the configuration of a run in this world.
func (w *world) configure(args []string, c job.Console, clock *starlib.Clock) (job.Config, error) {
	config, err := w.command.Configure(args, c)
	config.Network, config.Once, config.Clock, config.Sandbox = &w.network, true, clock, w.sandbox
	config.Progress = "never"
	if config.AutoJobs { // what a test sees must not depend on how fast the machine is
		config.Jobs, config.AutoJobs = 1, false
	}
	// The run must not handle signals itself. A signal to the process ends all tests
	// by ending their contexts.
	config.Interrupts = func(context.CancelCauseFunc) func() { return func() {} }
	return config, err
}

// execute opens a run whose script is the test's file, and calls program in it. It
// returns the error of program, or the error that kept the run from opening.
func (w *world) execute(ctx context.Context, lookupEnv func(string) (string, bool), program func(context.Context, source.Script, starlib.Options) error) error {
	noEnv := func(string) (string, bool) { return "", false } // without variables, all flags have their defaults
	c := job.Console{Stdin: strings.NewReader(""), Stdout: w.transcript, Stderr: w.transcript, LookupEnv: noEnv}
	config, err := w.configure([]string{"run", "--", w.file}, c, starlib.NewClock(time.Time{}))
	if err != nil {
		return err
	}
	var outcome error
	executed := false
	config.Program = func(ctx context.Context, script source.Script, o starlib.Options) (*int, error) {
		o.LookupEnv = lookupEnv
		outcome, executed = program(ctx, script, o), true
		return new(int), outcome
	}
	_, err = job.Run(ctx, config)
	if !executed {
		return err
	}
	return outcome // the error of job.Run is about images that the test validated, and does not count
}

// RunScript implements scripttest.World.
func (w *world) RunScript(ctx context.Context, s scripttest.ScriptRun) (scripttest.ScriptOutcome, error) {
	path, err := w.scriptPath(s.Script)
	if err != nil {
		return scripttest.ScriptOutcome{}, err
	}
	if _, err := source.Find(path); err != nil {
		return scripttest.ScriptOutcome{}, err
	}
	var stdout, stderr bytes.Buffer
	c := job.Console{
		Stdin: strings.NewReader(s.List), Stdout: &lockedWriter{w: &stdout}, Stderr: &lockedWriter{w: &stderr},
		LookupEnv: func(name string) (string, bool) { value, ok := s.Env[name]; return value, ok },
	}
	var outcome scripttest.ScriptOutcome
	outcome.Status = w.run(ctx, append([]string{"run", path}, s.Flags...), c, starlib.NewClock(s.Now), &outcome)
	outcome.Output, outcome.Log = w.readable(stdout.String()), w.readable(stderr.String())
	fmt.Fprintf(w.transcript, "$ mvrun %s\n%s%sexit status %d\n", strings.Join(append([]string{s.Script}, s.Flags...), " "), outcome.Log, outcome.Output, outcome.Status)
	outcome.Files, err = w.files()
	return outcome, err
}

// run runs a command line in this world, as the command would. It returns the
// exit status. It sets the results and the failed list in outcome.
func (w *world) run(ctx context.Context, args []string, c job.Console, clock *starlib.Clock, outcome *scripttest.ScriptOutcome) int {
	config, err := w.configure(args, c, clock)
	if err != nil {
		return w.command.Complain(args, c, err)
	}
	results := newResultSink()
	config.Sinks = []engine.Sink{results}
	status, err := job.Run(ctx, config)
	if err != nil {
		status = w.command.Complain(args, c, err)
	}
	outcome.Results = results.results()
	if lines, err := os.ReadFile(w.sandbox.Made(config.Failed)); err == nil && len(lines) > 0 {
		outcome.Failed = strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n")
	}
	return status
}

// scriptPath returns the path of a script that the test names. If no file of that
// name is beside the test's file, but a bundled script has the name, scriptPath
// returns the name itself. A file that the test may not read is an error, because the
// message about a broken script shows a line of the script.
func (w *world) scriptPath(name string) (string, error) {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(filepath.Dir(w.file), name)
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && slices.Contains(source.Names(), name) {
		return name, nil
	}
	path, err := w.sandbox.confine(path)
	if strings.HasPrefix(path, "-") { // the command line would take it for a flag, and the word behind it for the script
		path = "." + string(filepath.Separator) + path
	}
	return path, err
}

// readable removes the path of the test's folder from a text, because this path is
// different in every run.
func (w *world) readable(text string) string {
	return strings.ReplaceAll(text, w.sandbox.folder+string(filepath.Separator), "")
}

// files returns the contents of the files in the test's folder. The keys are the
// paths relative to the folder.
func (w *world) files() (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(w.sandbox.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(w.sandbox.folder, path)
		files[filepath.ToSlash(name)] = string(content)
		return err
	})
	return files, err
}

// lockedWriter lets several goroutines write to the same writer.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
