package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/cmd/mvrun/internal/rehearsal"
	"mvrun/engine/results"
)

// resultsSchema is the schema that "mvrun docs results --schema" prints.
func resultsSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(results.Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("results.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("results.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// failer is the part of testing.TB that a check of a file needs.
type failer interface {
	Errorf(format string, args ...any)
}

// checkResults holds a results file to its schema. Then it reads the file by the
// schema's rules alone, without this program's own types, and compares what it
// counts with the numbers of the end, which are the summary's.
func checkResults(t failer, schema *jsonschema.Schema, path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	lines := bytes.Split(content, []byte("\n"))
	lines = lines[:len(lines)-1] // what follows the last end of a line is torn
	latest := map[[6]any]map[string]any{}
	var last map[string]any
	for i, line := range lines {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Errorf("%s:%d: %v", path, i+1, err)
			return
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s:%d: %v\n%s", path, i+1, err, line)
			return
		}
		last = value.(map[string]any)
		key := [6]any{last["list"], last["number"], last["source"], last["destination"], last["source_tag"], last["destination_tag"]}
		switch last["type"] {
		case "image":
			latest[key] = last
		case "withdrawn":
			delete(latest, key)
		}
	}
	if last["type"] != "end" {
		return // the run was killed
	}
	counts := map[string]int{"images": len(latest)}
	for _, image := range latest {
		if image["waived"] != nil {
			counts["waived"]++
		} else {
			counts[image["status"].(string)]++
		}
	}
	for _, name := range []string{"images", "pass", "fail", "skip", "error", "waived"} {
		if said, _ := last[name].(json.Number).Int64(); int(said) != counts[name] {
			t.Errorf("%s: the end says %s %d, the lines above say %d:\n%s", path, name, said, counts[name], content)
		}
	}
}

// TestResultsOfExamples lets every run of the examples' tests write a results
// file, and holds each to the schema and to the run's summary.
func TestResultsOfExamples(t *testing.T) {
	dir, schema := t.TempDir(), resultsSchema(t)
	var files atomic.Int64
	c := job.Console{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, LookupEnv: func(string) (string, bool) { return "", false }}
	status, err := rehearsal.Run(t.Context(), rehearsal.Options{
		Command: rehearsal.Command{Complain: complain, Configure: func(args []string, c job.Console) (job.Config, error) {
			config, err := configure(args, c)
			name := fmt.Sprintf("%d.jsonl", files.Add(1))
			if config.Results == "" {
				config.Results = name
			}
			kept := filepath.Join(dir, name)
			config.Reports = append(config.Reports, job.Report{Flag: "this test", Path: config.Results + ".copy", Write: func(w io.Writer, outcome *results.Outcome) error {
				content, err := os.ReadFile(outcome.Parts[0].File)
				return errors.Join(err, os.WriteFile(kept, content, 0o600))
			}})
			return config, err
		}},
		Console: c, Paths: []string{"../../examples"}, Jobs: 1, Timeout: time.Minute,
	})
	if err != nil || status != job.ExitOK {
		t.Fatalf("%d, %v\n%s", status, err, c.Stdout)
	}
	written, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(written) < 20 {
		t.Fatalf("%d results files, %v", len(written), err)
	}
	for _, path := range written {
		checkResults(t, schema, path)
	}
}
