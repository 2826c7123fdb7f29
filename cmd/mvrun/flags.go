package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/cmd/mvrun/internal/shard"
	"mvrun/engine/imagelist"
	"mvrun/engine/imagelist/formats"
	"mvrun/engine/registry"
	"mvrun/validate"
)

// flags are the flags of a run, which "run" and "repl" have.
type flags struct {
	File           string        `group:"list" short:"f" placeholder:"LIST" help:"Image list; \"-\" is standard input. Without it: a prompt on a terminal, else standard input."`
	ListFormat     string        `group:"list" default:"auto" help:"How the list is written: ${listformats}."`
	Arch           []string      `group:"counts" short:"a" default:"amd64,arm64" help:"Architectures, separated by commas."`
	OS             []string      `group:"counts" name:"os" default:"linux,windows" help:"Operating systems, separated by commas."`
	Source         string        `group:"list" short:"s" env:"SOURCE_REGISTRY" placeholder:"HOST[:PORT][/PREFIX]" help:"Use this registry for every source image."`
	Destination    string        `group:"list" short:"d" env:"DEST_REGISTRY" placeholder:"HOST[:PORT][/PREFIX]" help:"Use this registry for every destination image."`
	DefaultProject string        `group:"list" default:"library" help:"Project of a destination image that names none."`
	Shard          string        `group:"list" placeholder:"I/N" completion-predictor:"shards" help:"Validate one of N parts of the list: 3/8 is the third of eight. \"auto\" reads which from the variables of Kubernetes, GitLab, Slurm and others (mvrun docs shards), and \"auto/N\" where they tell no N."`
	Failed         string        `group:"output" short:"o" default:"mirror-validate-failed.txt" help:"Where the failed list goes."`
	Jobs           string        `group:"network" short:"j" default:"1" placeholder:"1" completion-predictor:"jobs" help:"Images validated at once; \"auto\" finds out how many the registries allow."`
	TLSVerify      bool          `group:"network" name:"tls-verify" default:"true" help:"--tls-verify=false accepts any certificate, and plain HTTP (default ${default})."`
	Debug          bool          `group:"output" default:"false" help:"Log every request: method, URL, status, time; never a credential (default ${default})."`
	Rules          string        `group:"counts" default:"hangar" completion-predictor:"rules" help:"What counts as a good mirror: ${rules}."`
	Depth          string        `group:"counts" default:"manifests" completion-predictor:"depths" help:"How deep to look at the destination: ${depths}."`
	Sample         string        `group:"counts" default:"100%" placeholder:"SHARE" help:"With --depth data: the share of blobs to read, such as 5%, or one part of several, such as 2/7; the same ones for the same list."`
	SharedBlobs    bool          `group:"counts" default:"false" help:"With --depth data: the destination stores a blob once for all its repositories (distribution, Harbor, Quay and GitLab do), so read each distinct blob once, and look for it with HEAD elsewhere (default ${default})."`
	Provenance     bool          `group:"counts" default:"false" help:"Attestations must be mirrored, too (default ${default})."`
	Referrers      bool          `group:"counts" default:"false" help:"Signatures, SBOMs and attestations that are attached to an image must be mirrored, too (default ${default})."`
	Timeout        time.Duration `group:"network" default:"10m" help:"For one image, retries included."`
	Deadline       time.Duration `group:"network" default:"0" help:"For the whole run: what is not checked by then could not be checked; 0 for no end."`
	Results        string        `group:"output" placeholder:"FILE" help:"Write one JSON object a line, an image each, as they finish."`
	Resume         bool          `group:"output" default:"false" help:"With --results: skip what that file already says passed (default ${default})."`
	Registries     string        `group:"network" placeholder:"FILE|DIR" help:"Ask for destination images where a node would ask: registries.conf and its .d folder, containerd's certs.d with its hosts.toml files, or the registries.yaml of k3s or rke2."`
	MaxSteps       uint64        `group:"scripts" default:"0" help:"Stop a thread of the script (main, or a callback) after this many Starlark steps; 0 is never."`
	AllowPath      []string      `group:"scripts" placeholder:"DIR" help:"Let the script read and write below this folder, too."`
	AllowEnv       []string      `group:"scripts" placeholder:"NAME" help:"Let the script read this variable of the environment, and no other that is not named so."`
	LogFormat      string        `group:"output" default:"text" enum:"text,json" help:"text or json."`
	Quiet          bool          `group:"output" short:"q" default:"false" help:"Write no log line for images that passed or were skipped (default ${default})."`
	Progress       string        `group:"output" default:"auto" enum:"auto,always,never" help:"Progress: auto (a bar on a terminal, else a line in the log every 30 s), always (the bar also below a JSON log), never."`

	isFailedGiven bool // the user has named the failed list
}

// flagGroups are the groups in which --help shows the flags of a run, by the keys that
// the tags above have.
var flagGroups = []kong.Group{
	{Key: "list", Title: "The list:"},
	{Key: "counts", Title: "What counts:"},
	{Key: "output", Title: "Output:"},
	{Key: "network", Title: "Network:"},
	{Key: "scripts", Title: "Scripts:"},
}

// helpVars are the parts of the flags' help that package validate words.
var helpVars = kong.Vars{"rules": describeChoices(validate.RuleSets()), "depths": describeChoices(validate.Depths()),
	"listformats": "auto (recognised by its content), lines (one image a line), " + strings.Join(formats.Names()[2:], ", ")}

// describeChoices writes choices with their meanings: "a (this), b (that)".
func describeChoices(choices []validate.Choice) string {
	words := make([]string, len(choices))
	for i, choice := range choices {
		words[i] = fmt.Sprintf("%s (%s)", choice.Name, choice.About)
	}
	return strings.Join(words, ", ")
}

// check returns an error if a flag is wrong, before anything is read or written.
func (f *flags) check() error {
	switch {
	case f.Timeout <= 0:
		return fmt.Errorf("--timeout %v: want more than 0", f.Timeout)
	case f.Deadline < 0:
		return fmt.Errorf("--deadline %v: want more than 0, or 0 for no end", f.Deadline)
	case f.Resume && f.Results == "":
		return errors.New("--resume goes on from a results file: give it with --results")
	case f.Referrers && f.alone():
		return fmt.Errorf("--referrers with --rules %s: only the source knows what is attached to an image, and these rules never ask it: leave out --referrers, or choose other rules", f.Rules)
	case f.Failed == "":
		return errors.New("--failed is empty: want the name of a file")
	}
	if _, _, err := f.jobs(); err != nil {
		return err
	}
	if f.Shard != "" {
		if err := shard.Check(f.Shard); err != nil {
			return err
		}
	}
	if _, err := validate.ParseSample(f.Sample); err != nil {
		return fmt.Errorf("--sample: %w", err)
	}
	if err := f.question().Check(); err != nil {
		return err
	}
	if _, err := formats.New(f.ListFormat); err != nil {
		return fmt.Errorf("--list-format: %w", err)
	}
	return f.checkPlaces()
}

// autoJobs is the value of --jobs with which a run finds out how many images to validate
// at once.
const autoJobs = "auto"

// jobs returns how many images are validated at once, and whether that is only the most
// that a run may choose.
func (f *flags) jobs() (n int, auto bool, err error) {
	if f.Jobs == autoJobs {
		return job.MostJobs, true, nil
	}
	switch n, err = strconv.Atoi(f.Jobs); {
	case err != nil:
		return 0, false, fmt.Errorf("--jobs %s: want a number, or auto", f.Jobs)
	case n < 1:
		return 0, false, fmt.Errorf("--jobs %d: want at least 1, or auto", n)
	}
	return n, false, nil
}

// The flags that change the names of a list, and their variables, as messages name
// them.
const (
	sourceFlag      = "-s (or SOURCE_REGISTRY)"
	destinationFlag = "-d (or DEST_REGISTRY)"
)

// checkPlaces returns an error if a flag that changes the names of a list is wrong.
func (f *flags) checkPlaces() error {
	if err := imagelist.CheckProject(f.DefaultProject); err != nil {
		return fmt.Errorf("--default-project: %w", err)
	}
	return checkPlaces(f.Source, f.Destination)
}

// checkPlaces returns an error if the value of -s or -d is wrong.
func checkPlaces(source, destination string) error {
	for _, flag := range []struct{ name, place string }{{sourceFlag, source}, {destinationFlag, destination}} {
		if flag.place == "" {
			continue
		}
		if err := imagelist.CheckPlace(flag.place); err != nil {
			return fmt.Errorf("%s: %w", flag.name, err)
		}
	}
	return nil
}

// alone reports whether the rules judge the destination alone. Then the source's
// flags and variables are ignored.
func (f *flags) alone() bool { return !validate.Rules(f.Rules).AskSource() }

// question returns the question that is asked about every image.
func (f *flags) question() validate.Question {
	sample, _ := validate.ParseSample(f.Sample) // check has refused a wrong one
	return validate.Question{Arch: trimmed(f.Arch), OS: trimmed(f.OS), Rules: validate.Rules(f.Rules), Depth: validate.Depth(f.Depth),
		Sample: sample, Provenance: f.Provenance, Referrers: f.Referrers}
}

// trimmed returns words without the spaces around them, so that people can write
// "amd64, arm64".
func trimmed(words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = strings.TrimSpace(word)
	}
	return out
}

// options returns what the flags say of every list.
func (f *flags) options() imagelist.Options {
	o := imagelist.Options{Source: f.Source, Destination: f.Destination, DefaultProject: f.DefaultProject, DestinationOnly: f.alone(), OwnDestination: f.Registries != "",
		Hints: imagelist.Hints{Destination: destinationFlag, PlainHTTP: "--tls-verify=false"}}
	if o.DestinationOnly {
		o.Source = ""
	}
	return o
}

// config returns the configuration of a run. own are the flags of the script,
// which may be nil, and set are the variables that set flags. The script is the caller's
// to add.
func (f *flags) config(own *scriptFlags, set variables, c job.Console) (job.Config, error) {
	part, warnings := shard.Choice{}, unknownVariables(c, settableVariables(c))
	if f.Shard != "" {
		var err error
		if part, err = shard.Choose(f.Shard, c.LookupEnv); err != nil {
			return job.Config{}, err
		}
	} else if warning := shard.Unused(c.LookupEnv); warning != "" {
		warnings = append(warnings, warning)
	}
	failed := f.Failed
	if !part.IsWhole() && !f.isFailedGiven {
		failed = job.FailedListOfPart
	}
	logins, err := f.logins(c.Getenv)
	jobs, auto, _ := f.jobs() // check has refused a wrong one
	return job.Config{
		Arguments: own.arguments(), Named: own.named(),
		List: f.File, ListFormat: f.ListFormat, Shard: part, Failed: failed, Results: f.Results, Resume: f.Resume, AllowDirs: slices.Clone(f.AllowPath), AllowEnv: trimmed(f.AllowEnv),
		Options: f.options(), Question: f.question(), SharedBlobs: f.SharedBlobs,
		Jobs: jobs, AutoJobs: auto, Timeout: f.Timeout, Deadline: f.Deadline, MaxSteps: f.MaxSteps,
		Insecure: !f.TLSVerify, Logins: logins, Registries: f.Registries,
		Debug: f.Debug, JSONLog: f.LogFormat == "json", Quiet: f.Quiet, Progress: f.Progress,
		Version: version, Console: c,
		Variables: set.texts(), Warnings: warnings,
	}, err
}

// logins returns the names and passwords of the environment.
func (f *flags) logins(getenv func(string) string) ([]registry.Login, error) {
	sides := []validate.Side{validate.Source, validate.Destination}
	if f.alone() {
		sides = sides[1:]
	}
	return environmentLogins(getenv, f.Source, f.Destination, sides)
}

// environmentLogins returns the names and passwords of the environment for some sides.
// They are for the registries of -s and -d, whatever prefix stands there, else for Docker
// Hub, as with Hangar, and go to no other registry of the list.
func environmentLogins(getenv func(string) string, source, destination string, sides []validate.Side) ([]registry.Login, error) {
	var logins []registry.Login
	for _, side := range sides {
		prefix, place := "SOURCE", source
		if side == validate.Destination {
			prefix, place = "DEST", destination
		}
		name, password := prefix+"_USERNAME", prefix+"_PASSWORD"
		login := registry.Login{Side: side, Registry: imagelist.RegistryOf(place), Username: getenv(name), Password: getenv(password), From: name}
		if login.Username == "" && login.Password == "" {
			continue
		}
		if login.Username == "" || login.Password == "" {
			return nil, fmt.Errorf("%s and %s go together: only one of them is set", name, password)
		}
		if login.Registry == "" {
			login.Registry = imagelist.DockerHub
		}
		logins = append(logins, login)
	}
	return logins, nil
}
