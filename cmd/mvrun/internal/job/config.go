package job

import (
	"context"
	"io"
	"net/http"
	"time"

	"mvrun/cmd/mvrun/internal/shard"
	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/mirrors"
	"mvrun/engine/results"
	"mvrun/starlib"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// Exit statuses of the command.
const (
	ExitOK          = engine.ExitOK
	ExitFailed      = engine.ExitFailed
	ExitUsage       = engine.ExitUsage
	ExitUnchecked   = engine.ExitUnchecked
	ExitInterrupted = engine.ExitInterrupted
)

// Console is what a command reads and writes. Tests make one of their own.
type Console struct {
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer
	LookupEnv func(string) (string, bool)
	Environ   func() []string // all variables, as NAME=VALUE; nil if nobody asks for them

	StdinTerminal, StdoutTerminal, StderrTerminal bool
}

// Getenv returns a variable of the environment, or "".
func (c Console) Getenv(name string) string {
	value, _ := c.LookupEnv(name)
	return value
}

// colour reports whether the log has colours: on a terminal, or if the user forces
// them, and never if the user wants none.
func (c Console) colour() bool {
	forced := c.Getenv("FORCE_COLOR")
	return c.Getenv("NO_COLOR") == "" && (c.StderrTerminal || forced != "" && forced != "0" && forced != "false")
}

// above returns a console whose output on a terminal goes through a bar, which
// shows the output above itself.
func (c Console) above(bar io.Writer) Console {
	c.Stderr = bar
	if c.StdoutTerminal {
		c.Stdout = bar
	}
	return c
}

// MostJobs is how many images are validated at once, at most, where the run finds out how
// many the registries can take.
const MostJobs = 256

// Program executes a script: starlib.Run, a test of the script, or a session.
// status is nil if the script returned no exit status.
type Program func(ctx context.Context, script source.Script, o starlib.Options) (status *int, err error)

// Config says what a run does, and on which files and registries.
type Config struct {
	Script    source.Script
	Arguments map[string]any // of the script's main
	Program   Program        // nil means starlib.Run

	List       string       // path of the image list, "-" for standard input, "" for the prompt or standard input
	ListFormat string       // of the list, and of others that the script names no format for; "" means formats.Auto
	Shard      shard.Choice // the part of each list that the run validates
	Failed     string       // path of the failed list
	Results    string       // path of the results file, "" for none
	Resume     bool         // go on from the results file
	Reports    []Report
	AllowDirs  []string // folders that the script may use besides its own
	AllowEnv   []string // the only variables that the script may read; empty means all
	Named      []string // paths in the script's own flags, which the script may use wherever they are

	Options  imagelist.Options // what the list leaves open
	Question validate.Question
	Jobs     int           // images validated at once; with AutoJobs, MostJobs
	AutoJobs bool          // find out how many images the registries can take at once
	Timeout  time.Duration // for one image
	Deadline time.Duration // for the run, 0 for none
	MaxSteps uint64        // of a thread of the script, 0 for any number

	// SharedBlobs says that registries of the destination store a blob once for all their
	// repositories.
	SharedBlobs bool

	Insecure bool // accept any certificate, and plain HTTP
	Logins   []registry.Login

	// Registries is the path of the file or folder that says where a node asks for
	// images; "" for none.
	Registries string
	registries *mirrors.Config // what was read there; nil if nothing was

	Debug    bool
	JSONLog  bool
	Quiet    bool   // write no log line for images that passed or were skipped
	Progress string // "auto", "always" or "never"

	Version   string
	Console   Console
	Variables []string // NAME=VALUE of the variables that set flags, for a log with Debug
	Warnings  []string // about the command line, for the beginning of the log

	// Session is a run whose script a person types: there need not be a list,
	// there is no bar and no summary, and every image asks the registries anew.
	Session bool

	// Interrupts is called once the run is open. It calls cancel when somebody
	// ends the run from outside, until stop is called. nil means that the first
	// signal ends the run in good order, and the next one the process.
	Interrupts func(cancel context.CancelCauseFunc) (stop func())

	// Below, what a test or a demonstration puts in the place of the world.

	Network http.RoundTripper // answers in place of the network; nil for the network
	Once    bool              // every request is a single attempt, so that a script sees each fault
	Clock   *starlib.Clock    // the time that the script sees; nil for the machine's
	Sandbox Sandbox           // moves paths; nil for none
	Sinks   []engine.Sink     // more sinks
}

// Report is what a run, or a command that reads its results files later, writes when
// everything is known.
type Report struct {
	Flag string // the flag that asks for the report, as the user writes it: "--report"
	Path string // of its file, or Terminal
	// Appends says that the report is added to its file. Otherwise it replaces the file.
	Appends bool
	Write   func(w io.Writer, outcome *results.Outcome) error
}

// Terminal is the path of a report that goes to where the engine of a pipeline reads
// commands: to standard output, or to standard error if standard output has a list or
// results.
const Terminal = ""

// Sandbox decides where files lie, so that a test writes nowhere else.
type Sandbox interface {
	Found(path string) string // where a file that is read lies
	Made(path string) string  // where a file that is written goes
}

// inPlace is the Sandbox of a run that is no test.
type inPlace struct{}

func (inPlace) Found(path string) string { return path }
func (inPlace) Made(path string) string  { return path }

// conns returns how many requests to one registry may be under way at once. An image
// sends several side by side. With AutoJobs, images of several pairs of registries share
// the callbacks of the script, so that fewer are enough.
func (c *Config) conns() int {
	if c.AutoJobs {
		return 2 * c.Jobs
	}
	return 4 * c.Jobs
}
