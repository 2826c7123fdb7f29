package main

import (
	"context"
	"errors"
	"io"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/results"
	"mvrun/starlib/docs"
	"mvrun/starlib/source"
)

// docsCommand prints the reference: everything that scripts can use.
type docsCommand struct {
	Name   string `arg:"" optional:"" help:"What to explain: validate, result, result.status, re.search, retry, @mvrun//retry.star, a topic such as rules. Without it: an overview."`
	Format string `default:"text" enum:"text,markdown" help:"text or markdown; markdown without a name is the whole reference."`
	Schema bool   `default:"false" help:"With the name results: print the JSON Schema of the results file."`
	Stubs  bool   `default:"false" help:"Print the whole reference as a Python stub, for editors (mvrun docs stubs)."`
}

func (d *docsCommand) run(_ context.Context, c job.Console) (int, error) {
	text, err := d.text()
	if err != nil {
		return 0, err
	}
	_, err = io.WriteString(c.Stdout, text)
	return job.ExitOK, err
}

func (d *docsCommand) text() (string, error) {
	reference, err := docs.Read(source.Modules())
	switch {
	case err != nil:
		return "", err
	case d.Schema && (d.Name != "results" || d.Format != "text" || d.Stubs):
		return "", errors.New("--schema is the schema of the results file: write mvrun docs results --schema")
	case d.Schema:
		return results.Schema, nil
	case d.Stubs && (d.Name != "" || d.Format != "text"):
		return "", errors.New("--stubs is the whole reference, and neither text nor Markdown: give it alone")
	case d.Stubs:
		return reference.Stub(), nil
	case d.Name == "" && d.Format == "markdown":
		return reference.Markdown(), nil
	case d.Name == "":
		return reference.Overview(), nil
	}
	entries, err := reference.Lookup(d.Name)
	if err != nil {
		return "", err
	}
	if d.Format == "markdown" {
		return docs.Markdown(entries), nil
	}
	return docs.Text(entries), nil
}
