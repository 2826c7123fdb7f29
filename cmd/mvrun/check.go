package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/disk"
	"mvrun/starlib/check"
	"mvrun/starlib/source"
)

// checkCommand finds mistakes in scripts.
type checkCommand struct {
	Scripts   []string `arg:"" name:"script" help:"Scripts, folders (all *.star below them), or \"-\" for standard input."`
	Fix       bool     `help:"Format scripts, and remove loads that are not used. A script from standard input is written to standard output."`
	Format    string   `default:"text" enum:"text,json" help:"text or json (default ${default})."`
	AllowPath []string `placeholder:"DIR" help:"Let scripts load modules from below this folder, too."`
}

// Help implements kong.HelpProvider.
func (checkCommand) Help() string {
	var b strings.Builder
	b.WriteString("Finds mistakes in scripts without running them. It also finds scripts that are not formatted as buildifier formats them. " +
		"If a script loads modules, mvrun check reads them, but reports only errors that keep the script from running. To check a module completely, name it, too.\n\n" +
		"Findings go to standard output, and a summary goes to standard error.\n\n" +
		"With --format json the findings are an array of objects with these fields: path, line, column, end_line, end_column, rule, " +
		"severity (error: a run would end with it; or warning), message, fixable (true if --fix corrects it). " +
		"Lines and columns begin with 1, and columns count characters. The end is the place after the last character; it is left out if it is not known.\n\n" +
		"Exit status: 0 nothing was found, or --fix corrected everything; 1 there are findings; 2 wrong usage, or a file that cannot be read or written.\n\n" +
		"The comment \"# buildifier: disable=RULE\", on a line or above a statement, turns off a rule there. " +
		"The comment \"# @unused\" allows a variable or a load that is not used. These are the rules:\n")
	for _, rule := range check.Rules {
		fmt.Fprintf(&b, "\n  %-26s %-8s %s", rule.Name, rule.Severity, rule.About)
	}
	return b.String()
}

// standardInput is the name of a script that comes from standard input.
const standardInput = "<stdin>"

func isFromStandardInput(script source.Script) bool { return script.Name == standardInput }

func (k *checkCommand) run(_ context.Context, c job.Console) (int, error) {
	scripts, failed := k.read(c.Stdin)
	options := check.Options{Flags: standardFlags(c), Access: source.Access{Folders: k.AllowPath, FolderHint: "--allow-path"}, FixHint: "mvrun check --fix"}
	if err := readReference(&options); err != nil {
		return 0, err
	}
	findings, fixed := c.Stdout, 0
	if k.Fix {
		if slices.ContainsFunc(scripts, isFromStandardInput) {
			findings = c.Stderr // the formatted script goes to standard output
		}
		for i := range scripts {
			changed, err := fix(&scripts[i], options, c.Stdout)
			if err != nil {
				failed = append(failed, err)
			} else if changed {
				fixed++
			}
		}
	}
	found := check.Check(scripts, options)
	if err := k.print(findings, scripts, found); err != nil {
		return 0, fmt.Errorf("writing the findings: %w", err)
	}
	if len(scripts) > 0 {
		fmt.Fprintln(c.Stderr, checkSummary(len(scripts), fixed, found))
	}
	switch {
	case len(failed) > 0:
		return 0, errors.Join(failed...)
	case len(found) > 0:
		return job.ExitFailed, nil
	}
	return job.ExitOK, nil
}

// fix formats a script. It replaces the script's file, or writes to stdout if the
// script came from standard input. It reports whether the script changed.
func fix(script *source.Script, options check.Options, stdout io.Writer) (changed bool, err error) {
	text := check.Fix(*script, options)
	changed = text != script.Source && !script.Bundled
	switch {
	case isFromStandardInput(*script):
		if _, err := io.WriteString(stdout, text); err != nil {
			return false, fmt.Errorf("writing the script to standard output: %w", err)
		}
	case changed:
		if err := disk.Replace(script.Name, []byte(text)); err != nil {
			return false, fmt.Errorf("%s is left as it was: %w", script.Name, err)
		}
	}
	if changed {
		script.Source = text
	}
	return changed, nil
}

// read returns the scripts that can be read, without repetitions. It returns an error
// for each script that cannot be read.
func (k *checkCommand) read(stdin io.Reader) (scripts []source.Script, failed []error) {
	seen := map[string]bool{}
	for _, name := range k.Scripts {
		files, err := starFiles(name)
		if err != nil {
			failed = append(failed, err)
		}
		for _, file := range files {
			if seen[filepath.Clean(file)] {
				continue
			}
			seen[filepath.Clean(file)] = true
			script, err := readScript(file, stdin)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			scripts = append(scripts, script)
		}
	}
	return scripts, failed
}

func readScript(file string, stdin io.Reader) (source.Script, error) {
	if file == "-" {
		return source.Read(stdin, standardInput)
	}
	return source.Find(file)
}

// starFiles returns the scripts below a folder, but not those in hidden folders. If
// name is not a folder, starFiles returns the name itself.
func starFiles(name string) ([]string, error) {
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		return []string{name}, nil
	}
	files, err := source.FilesBelow(name, ".star")
	if err != nil {
		return files, fmt.Errorf("looking for scripts below %s: %w", name, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no *.star below %s", name)
	}
	return files, nil
}

// print writes findings in the format of --format.
func (k *checkCommand) print(w io.Writer, scripts []source.Script, found []check.Finding) error {
	var b strings.Builder
	if k.Format == "json" {
		// The array has an object on each line, so that people can read it, too.
		b.WriteString("[")
		for i, f := range found {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n")
			line, err := marshal(f)
			if err != nil {
				return err
			}
			b.Write(line)
		}
		b.WriteString("\n]\n")
	} else {
		for _, f := range found {
			i := slices.IndexFunc(scripts, func(s source.Script) bool { return s.Name == f.Path })
			b.WriteString(f.Show(scripts[i].Source))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// marshal does the same as json.Marshal, but without escapes such as \u003c, which
// only web pages need.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// checkSummary returns the last line of the output. It says how many findings there
// are, and how many scripts have findings.
func checkSummary(scripts, fixed int, found []check.Finding) string {
	with, fixable := map[string]bool{}, 0
	for _, f := range found {
		with[f.Path] = true
		if f.Fixable {
			fixable++
		}
	}
	text := fmt.Sprintf("%s, nothing found", counted(scripts, "script"))
	if len(found) > 0 {
		text = fmt.Sprintf("%s, %s in %d of them", counted(scripts, "script"), counted(len(found), "finding"), len(with))
	}
	if fixed > 0 {
		text += fmt.Sprintf(", %d rewritten", fixed)
	}
	if fixable > 0 {
		text += fmt.Sprintf("; --fix mends %d", fixable)
	}
	return text
}

// counted returns a number with a word, such as "1 script" or "2 scripts".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
