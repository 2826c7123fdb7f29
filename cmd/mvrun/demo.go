package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/cmd/mvrun/internal/rehearsal"
	"mvrun/engine"
	"mvrun/validate"
)

// demoCommand shows three runs. The two registries are inside the process. Some of
// the fifteen images were mirrored well, and others badly.
type demoCommand struct {
	Keep string `placeholder:"DIR" help:"Leave the list, the policy, the failed list and the results in this folder."`
}

// demoPolicy is the script of the third run. A user sees it whole.
//
//go:embed demopolicy.star
var demoPolicy string

// demonstration is what the runs have in common.
type demonstration struct {
	dir     string // of its files
	keep    bool   // whether the files stay
	network http.RoundTripper
	console job.Console
	out     io.Writer // standard output
}

func (d *demoCommand) run(ctx context.Context, c job.Console) (status int, err error) {
	job.SurviveBrokenPipes() // so that the folder is removed
	dir, err := d.folder()
	if err != nil {
		return 0, err
	}
	if d.Keep == "" {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	network, err := demoNetwork()
	if err != nil {
		return 0, err
	}
	if err := writeDemoFiles(dir); err != nil {
		return 0, err
	}
	// The environment and the user's configuration must not change the
	// demonstration.
	lookupEnv := c.LookupEnv
	c.Environ, c.LookupEnv = nil, func(name string) (string, bool) {
		if name == "NO_COLOR" || name == "FORCE_COLOR" {
			return lookupEnv(name)
		}
		return "", false
	}
	out := &job.Output{Writer: c.Stdout}
	shown := demonstration{dir: dir, keep: d.Keep != "", network: network, console: c, out: out}
	if status, err := shown.show(ctx); err != nil || status != job.ExitOK {
		return status, err
	}
	where := "The files are gone now; --keep DIR keeps them."
	if d.Keep != "" {
		where = "The files are in " + d.Keep + "."
	}
	fmt.Fprintln(out, where)
	return job.ExitOK, out.Lost("the demonstration")
}

// show shows the runs, with words between them, and then the table.
func (d demonstration) show(ctx context.Context) (status int, err error) {
	out := d.out
	hangar, content := verdicts{}, verdicts{}

	fmt.Fprintf(out, "Two registries run inside this process: %s, and %s, which should be its mirror.\n"+
		"This list says what was to be mirrored. The table at the end says what was really done to each image.\n\n%s\n",
		demoSource, demoDestination, rehearsal.Indent(demoList()))
	fmt.Fprintf(out, "Is everything there, by the rules of Hangar's mirror-validate?\n$ mvrun validate.star -f list.txt -j 10\n\n")
	if status, err := d.validate(ctx, "hangar", hangar, "validate.star"); err != nil || status != job.ExitOK {
		return status, err
	}
	failed, err := os.ReadFile(d.path("mirror-validate-failed.txt"))
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "\nThe failed list holds the lines that did not pass, ready to be mirrored and validated again:\n\n%s\n", rehearsal.Indent(string(failed)))

	fmt.Fprintf(out, "Will nodes that pull from the mirror get the same files and run them the same way, whatever tool made it?\n"+
		"And is every byte right? With -q, the log leaves out what passed.\n$ mvrun validate.star -f list.txt -j 10 --rules content --depth data -q\n\n")
	if status, err := d.validate(ctx, "content", content, "validate.star", "--rules", "content", "--depth", "data", "-q"); err != nil || status != job.ExitOK {
		return status, err
	}

	fmt.Fprintf(out, "\nA script says what is right in your environment. This one lets an image wait that is not built yet (typo),\n"+
		"and refuses layers that old nodes cannot unpack (maps).\n$ mvrun policy.star -f list.txt -j 10 -q\n\n%s\n", rehearsal.Indent(demoPolicy))
	if status, err := d.validate(ctx, "policy", verdicts{}, d.path("policy.star"), "-q"); err != nil || status != job.ExitOK {
		return status, err
	}

	fmt.Fprintf(out, "\nWhat was done to each image, and what the first two runs said of it (pass, skip, or why it did not pass):\n\n")
	writeTable(out, hangar, content)
	fmt.Fprintf(out, "\nmvrun's exit status would be %d each time, as some images failed.\n", job.ExitFailed)
	return job.ExitOK, nil
}

// verdicts is the sink that remembers what a run says of each image, by its number in
// the list: "pass", "skip", or the reason why the image did not pass.
type verdicts map[int]string

// Write implements engine.Sink.
func (v verdicts) Write(r *engine.Result) error {
	v[r.Image.Number] = string(r.Status)
	if r.Status == validate.Fail || r.Status == validate.Error {
		v[r.Image.Number] = string(r.Reason)
	}
	return nil
}

// writeTable writes the table at the end of the demonstration. A reader such as "| head"
// may have read enough before.
func writeTable(w io.Writer, hangar, content verdicts) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "    IMAGE\tWHAT WAS DONE TO IT\thangar SAYS\tcontent SAYS")
	for i, image := range demoImages {
		fmt.Fprintf(table, "    %s\t%s\t%s\t%s\n", strings.Replace(image.line, " ", ":", 1), image.done, hangar[i+1], content[i+1])
	}
	_ = table.Flush()
}

// path returns the path of one of the demonstration's files.
func (d demonstration) path(name string) string { return filepath.Join(d.dir, name) }

// validate runs a script over the list, as the command would, and hands every result to
// the sink. name becomes part of the name of the results file. Some images must fail:
// validate returns ExitOK if they did.
func (d demonstration) validate(ctx context.Context, name string, results engine.Sink, script string, flags ...string) (int, error) {
	args := []string{"run", "-f", d.path("list.txt"), "-o", d.path("mirror-validate-failed.txt"), "-j", "10", "--progress", "never"}
	if d.keep {
		args = append(args, "--results", d.path("results-"+name+".jsonl"))
	}
	config, err := configure(append(append(args, flags...), "--", script), d.console)
	if err != nil {
		return 0, err
	}
	config.Network, config.Sinks = d.network, []engine.Sink{results}
	status, err := job.Run(ctx, config)
	switch {
	case err != nil || status == job.ExitInterrupted:
		return status, err
	case status != job.ExitFailed:
		return 0, fmt.Errorf("the demonstration did not go as it should: exit status %d, want %d", status, job.ExitFailed)
	}
	return job.ExitOK, nil
}

// writeDemoFiles writes the list and the policy to a folder. It replaces no file that has
// another content.
func writeDemoFiles(dir string) error {
	for name, content := range map[string]string{"list.txt": demoList(), "policy.star": demoPolicy} {
		path := filepath.Join(dir, name)
		if earlier, err := os.ReadFile(path); err == nil && string(earlier) != content {
			return fmt.Errorf("%s is there already, and would be overwritten: give --keep another folder", path)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// folder creates the folder for the demonstration's files, and returns its path.
func (d *demoCommand) folder() (string, error) {
	if d.Keep == "" {
		return os.MkdirTemp("", "mvrun-demo-")
	}
	return d.Keep, os.MkdirAll(d.Keep, 0o777)
}
