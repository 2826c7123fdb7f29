package job

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"mvrun/engine"
	"mvrun/engine/registry"
	"mvrun/engine/results"
	"mvrun/engine/sink"
	"mvrun/starlib"
	"mvrun/starlib/source"
)

// Job is one run that is open.
type Job struct {
	config  Config
	log     *slog.Logger
	lists   *lists
	failed  *failedList
	earlier *earlierList
	results *results.File   // nil if there is none
	records []*results.File // the results file, and the temporary one of the reports
	readAs  string          // path of the file that the reports are made of
	client  *registry.Client
	engine  *engine.Engine
	printed *printed
	world   starlib.Options

	ctx    context.Context
	cancel context.CancelCauseFunc

	closers []func() // of what Open opened, called in reverse

	// The outcome of Execute.
	status *int
	err    error
}

// Run opens, executes and finishes a run. It returns the exit status, or the
// error that the run ends with.
func Run(ctx context.Context, c Config) (status int, err error) {
	j, err := Open(ctx, c)
	if err != nil {
		return 0, err
	}
	defer j.Close()
	j.Execute()
	return j.Finish()
}

// Open opens everything that a run needs. ctx ends the run. If Open returns an
// error, nothing is left open, and no image was validated.
func Open(ctx context.Context, c Config) (*Job, error) {
	if c.Sandbox == nil {
		c.Sandbox = inPlace{}
	}
	if c.Program == nil {
		c.Program = starlib.Run
	}
	if c.Interrupts == nil {
		c.Interrupts = Interruptible
	}
	// The paths in these are moved into the sandbox, but not those of the caller.
	c.Reports, c.AllowDirs = slices.Clone(c.Reports), slices.Clone(c.AllowDirs)
	j := &Job{config: c}
	if err := j.open(ctx); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Job) open(ctx context.Context) (err error) {
	c := &j.config
	if err := c.readRegistries(); err != nil {
		return err
	}
	if err := c.settle(); err != nil {
		return err
	}
	if j.lists, err = openLists(c, func() { j.engine.Sync() }); err != nil {
		return err
	}
	if j.earlier, err = c.openEarlierList(j.lists.own); err != nil {
		return err
	}
	bar := j.openBar()
	j.log = sink.NewLogger(c.Console.Stderr, c.JSONLog, c.Debug, c.Console.colour())
	for _, warning := range c.Warnings {
		j.log.Warn(warning)
	}
	if len(c.Variables) > 0 {
		j.log.Debug("variables that set flags: " + strings.Join(c.Variables, " "))
	}
	if !c.Shard.IsWhole() {
		j.log.Info(fmt.Sprintf("part %s of the list (%s)", c.Shard, c.Shard.From))
	}
	c.logRegistries(j.log)
	earlier, err := j.openResults()
	if err != nil {
		return err
	}
	tally := &sink.Tally{}
	sinks := j.openSinks(tally, bar)

	// Up to here a signal ends the process: no image is under way, and what is
	// opened above may make the run wait.
	j.bound(ctx)
	j.client = j.openClient()
	j.onClose(j.client.Close)
	j.onClose(func() { j.cancel(nil) }) // Close of the client waits for what the context ends

	jobs, auto := c.Jobs, c.AutoJobs
	if j.lists.interactive() || auto && c.Session {
		jobs, auto = 1, false // one line, one answer
	}
	options := engine.Options{
		Registry: j.client, Jobs: jobs, Auto: auto, Shard: c.Shard.Shard, Timeout: c.Timeout, TimeoutHint: "--timeout", Sinks: sinks, Stop: func(err error) { j.cancel(err) }, Redact: j.client.Redact,
		Fresh: j.isFresh(),
	}
	if c.Resume {
		options.Earlier = earlier.Result
	}
	j.engine = engine.New(options)
	j.startProgress(tally, bar)
	j.openWorld()
	return nil
}

// bound makes the context of the run, which ends with ctx, at a signal, at the deadline,
// and before the memory of the machine is used up.
func (j *Job) bound(ctx context.Context) {
	c := &j.config
	j.ctx, j.cancel = context.WithCancelCause(ctx)
	j.onClose(func() { j.cancel(nil) })
	j.onClose(c.Interrupts(j.cancel))
	if c.Deadline > 0 {
		var stop context.CancelFunc
		j.ctx, stop = context.WithTimeoutCause(j.ctx, c.Deadline, &engine.DeadlineError{After: c.Deadline, Hint: "--deadline"})
		j.onClose(stop)
	}
	j.onClose(watchMemory(memoryLimit(), func(err error) { j.cancel(err) }))
}

// onClose adds a function that Close calls, before those that were added
// earlier.
func (j *Job) onClose(f func()) { j.closers = append(j.closers, f) }

// Close closes what is still open. It is harmless after Finish.
func (j *Job) Close() {
	for len(j.closers) > 0 {
		last := len(j.closers) - 1
		f := j.closers[last]
		j.closers = j.closers[:last]
		f()
	}
}

// openBar returns the progress bar, or nil. Only a terminal can show one, and a
// prompt leaves no room for it.
func (j *Job) openBar() *sink.Progress {
	c := &j.config
	wanted := c.Progress == "always" || c.Progress == "auto" && !c.JSONLog
	if !wanted || !c.Console.StderrTerminal || c.Session || j.lists.interactive() {
		return nil
	}
	bar := sink.NewProgress(c.Console.Stderr)
	j.onClose(bar.Close)
	c.Console = c.Console.above(bar)
	return bar
}

// openSinks returns the sinks in the order in which they get each result and
// finish: first the durable ones, last the summary.
func (j *Job) openSinks(tally *sink.Tally, bar *sink.Progress) []engine.Sink {
	c := &j.config
	var sinks []engine.Sink
	for _, file := range j.records {
		sinks = append(sinks, file)
	}
	log := sink.Log{Logger: j.log, Quiet: c.Quiet}
	if !c.JSONLog && !c.Session && !j.lists.interactive() { // programs need each image, and a person at a prompt each answer
		log.Folding = sink.StartFolding(j.log)
		j.onClose(log.Folding.Stop)
	}
	sinks = append(sinks, j.earlier, log, tally)
	if bar != nil {
		sinks = append(sinks, bar.Remover())
	}
	sinks = append(sinks, c.Sinks...)
	if len(c.Reports) > 0 {
		sinks = append(sinks, &reporter{job: j})
	}
	if !c.Session {
		summary := newSummary(c.Console.Stderr, j.log)
		summary.AsJSON, summary.DepthHint, summary.Depth = c.JSONLog, "--depth", c.Question.Depth
		sinks = append(sinks, summary)
	}
	return sinks
}

// The words with which messages about registries name a setting of the user.
const (
	InsecureHint    = "--tls-verify=false"
	TokenServerHint = "registry(HOST, token_server = …) in a script"
)

// openClient returns the client that reads from registries.
func (j *Job) openClient() *registry.Client {
	c := &j.config
	options := registry.Options{
		Insecure: c.Insecure, InsecureHint: InsecureHint, TokenServerHint: TokenServerHint, Logins: c.Logins, Conns: c.conns(), Ahead: 2 * c.Jobs, Registries: c.registries, UserAgent: "mvrun/" + c.Version,
		Transport: c.Network, Anonymous: c.Network != nil, Once: c.Once, SharedBlobs: c.SharedBlobs, Fresh: j.isFresh(),
		Warn: func(message string) { j.log.Warn(message) },
	}
	if c.Debug {
		options.Log = func(e registry.Exchange) { logExchange(j.log, e) }
	}
	return registry.New(j.ctx, options)
}

func logExchange(log *slog.Logger, e registry.Exchange) {
	outcome := fmt.Sprint(e.Status)
	if e.Err != nil {
		outcome = e.Err.Error()
	}
	log.Debug(fmt.Sprintf("%s %s %s %v", e.Method, e.URL, outcome, e.Duration.Round(100*time.Microsecond)),
		"method", e.Method, "url", e.URL, "http_status", e.Status, "duration_ms", e.Duration.Milliseconds())
}

// isFresh reports whether every image asks the registries for everything anew, because a
// person may mend a mirror between two images.
func (j *Job) isFresh() bool { return j.config.Session || j.lists.interactive() }

// startProgress shows the progress on the bar, or else in the log.
func (j *Job) startProgress(tally *sink.Tally, bar *sink.Progress) {
	c := &j.config
	tally.Start(sink.TallySource{Total: j.engine.Total, Bytes: j.client.Bytes, Pending: j.client.Pending, Reading: j.engine.ReadingBlobs, Waiting: j.client.Waiting})
	switch {
	case bar != nil:
		bar.Start(tally)
	case c.Progress != "never" && !c.Session && !j.lists.interactive():
		j.onClose(tally.Log(j.log, c.JSONLog))
	}
}

// openWorld makes what the script works with.
func (j *Job) openWorld() {
	c := &j.config
	files := c.openFiles()
	j.earlier.checkFree = files.checkFree
	j.failed = &failedList{files: files, earlier: j.earlier, stdout: c.Console.Stdout, keep: func() bool {
		n, _ := j.engine.Total()
		return j.lists.interactive() && n == 0
	}}
	j.printed = &printed{Output: Output{Writer: c.Console.Stdout}, terminal: c.Console.StdoutTerminal}
	if c.Failed == standardOutput || c.Results == standardOutput {
		j.printed.Writer, j.printed.terminal = c.Console.Stderr, true // it stands among the lines of the log
	}
	j.world = starlib.Options{
		Engine: j.engine, Lookup: j.client, Print: j.printed, Log: j.log, LookupEnv: c.Console.LookupEnv, Clock: c.Clock,
		Redact: j.client.Redact, Open: j.lists.open, FailedList: c.Failed, WriteFailed: j.failed.write, ReadFile: readFile, WriteFile: writeFile,
		Registry: func(host string, s starlib.RegistrySettings) error {
			return j.client.Configure(host, c.shared(s))
		},
		List: c.Options, Question: c.Question, Arguments: c.Arguments,
		Files: files, Access: source.Access{Folders: c.AllowDirs, Named: files.named, FolderHint: "--allow-path"},
		AllowEnv: c.AllowEnv, AllowEnvHint: "--allow-env",
		MaxSteps: c.MaxSteps, MaxStepsHint: "--max-steps",
	}
}
