package oracle

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// reports returns the reports of one ending that the tests of mvrun/engine/report keep.
// Those tests hold the files to what mvrun writes.
func reports(t *testing.T, ending string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../engine/report/testdata/*" + ending)
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d reports that end in %s, %v", len(paths), ending, err)
	}
	texts := map[string][]byte{}
	for _, path := range paths {
		if texts[strings.TrimSuffix(filepath.Base(path), ending)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// TestSARIFReports holds logs to the schema of SARIF 2.1.0 by OASIS, and reads them with a
// library.
func TestSARIFReports(t *testing.T) {
	schema := sarifSchema(t)
	for name, text := range reports(t, ".sarif") {
		raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = schema.Validate(raw)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		log, err := sarif.FromBytes(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, result := range log.Runs[0].Results {
			if rule := log.Runs[0].Tool.Driver.Rules[result.RuleIndex]; *rule.ID != *result.RuleID {
				t.Errorf("%s: a result of the rule %s leads to the rule %s", name, *result.RuleID, *rule.ID)
			}
		}
	}
}

// sarifSchema returns the schema of OASIS. The library has it as a constant that it does
// not export. Its own validation is of no use: it adds fields that the schema refuses.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", reflect.TypeFor[sarif.Report]().PkgPath()).Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(folder)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constant := file.Decls[0].(*ast.GenDecl).Specs[0].(*ast.ValueSpec).Values[0].(*ast.BasicLit)
	text, err := strconv.Unquote(constant.Value)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestJUnitReports shows that a parser of JUnit counts as mvrun does.
func TestJUnitReports(t *testing.T) {
	for name, want := range map[string]junit.Totals{
		"passed":  {Tests: 2, Passed: 2},
		"partial": {Tests: 11, Passed: 1, Skipped: 2, Failed: 5, Error: 3},
		"hostile": {Tests: 5, Skipped: 1, Failed: 2, Error: 2},
		"stream":  {Tests: 2, Passed: 1, Error: 1},
	} {
		suites, err := junit.Ingest(reports(t, ".xml")[name])
		if err != nil || len(suites) != 1 {
			t.Errorf("%s: %d suites, %v", name, len(suites), err)
			continue
		}
		got := suites[0].Totals
		got.Duration = 0
		if got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

// TestCSVReports shows that Python reads the same table as Go.
func TestCSVReports(t *testing.T) {
	needPrograms(t, "python3")
	for name, text := range reports(t, ".csv") {
		command := exec.Command("python3", "-c", `import csv, json, io, sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")
print(json.dumps(list(csv.reader(text, strict=True))))`)
		command.Stdin = strings.NewReader(string(text))
		output, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		if err := json.Unmarshal(output, &got); err != nil {
			t.Fatal(err)
		}
		want, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Python reads %q, Go %q, %v", name, got, want, err)
		}
	}
}
