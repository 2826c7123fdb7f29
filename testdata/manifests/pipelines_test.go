package manifests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// read returns a file of examples/deploy.
func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../examples/deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// pages are the pages of the reference that have recipes for pipelines.
var pages = []string{"ci.txt", "reports.txt"}

// recipe returns the file that a page of the reference has under a heading.
func recipe(t *testing.T, page, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../starlib/docs/reference/topics", page))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n# "+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	section, _, _ = strings.Cut(section, "\n# ")
	var file strings.Builder
	for line := range strings.Lines(section) {
		if code, isCode := strings.CutPrefix(line, "    "); isCode {
			file.WriteString(code)
		}
	}
	return file.String()
}

// change is a mistake in a file that a check has to find. It shows that the check looks.
type change struct{ old, new string }

// checkFile checks a file of examples/deploy, and then that each change of it is refused.
func checkFile(t *testing.T, file string, check func(content string) error, mistakes ...change) {
	t.Helper()
	content := read(t, file)
	if err := check(content); err != nil {
		t.Errorf("%s: %v", file, err)
	}
	for _, mistake := range mistakes {
		if !strings.Contains(content, mistake.old) {
			t.Errorf("%s has no %q", file, mistake.old)
		}
		if err := check(strings.Replace(content, mistake.old, mistake.new, 1)); err == nil {
			t.Errorf("%s passes with %q in place of %q", file, mistake.new, mistake.old)
		}
	}
}

// TestGitLab holds the pipeline to the schema with which GitLab's editor checks pipelines.
func TestGitLab(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("schemas/gitlab-ci.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if err := checkPipeline(schema, recipe(t, page, "GitLab CI")); err != nil {
			t.Errorf("the recipe of %s: %v", page, err)
		}
	}
	checkFile(t, "gitlab-ci.yml", func(content string) error {
		return checkPipeline(schema, content)
	},
		change{"parallel: 8", "parallel: 0"},
		change{"when: always", "when: allways"},
		change{"exit_codes: 3", "exit_code: 3"},
		change{"codequality: ", "code_quality: "},
		change{"stage: report", "stage: deploy"},
		change{"  artifacts:", "  artefacts:"},
	)
}

func checkPipeline(schema *jsonschema.Schema, content string) error {
	converted, err := yaml.YAMLToJSONStrict([]byte(content))
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(converted))
	if err != nil {
		return err
	}
	if err := schema.Validate(document); err != nil {
		return err
	}
	// The schema cannot say that the stage of a job is one of the stages.
	var stages struct{ Stages []string }
	if err := json.Unmarshal(converted, &stages); err != nil {
		return err
	}
	for name, job := range document.(map[string]any) {
		job, ok := job.(map[string]any)
		if stage, isJob := job["stage"].(string); ok && isJob && !slices.Contains(stages.Stages, stage) {
			return fmt.Errorf("the stage %q of job %s is not among the stages", stage, name)
		}
	}
	return nil
}

// TestGitHub lints the workflow with actionlint, which knows GitHub's syntax, the contexts of
// its expressions, the inputs of its actions, and gives scripts to shellcheck.
func TestGitHub(t *testing.T) {
	options := &actionlint.LinterOptions{Shellcheck: "shellcheck"}
	if _, err := exec.LookPath("shellcheck"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI has to install shellcheck")
		}
		options.Shellcheck = ""
	}
	linter, err := actionlint.NewLinter(io.Discard, options)
	if err != nil {
		t.Fatal(err)
	}
	check := func(content string) error {
		mistakes, err := linter.Lint("mirror.yml", []byte(content), nil)
		if err == nil && len(mistakes) > 0 {
			err = mistakes[0]
		}
		return err
	}
	for _, page := range pages {
		if err := check("on: push\n" + recipe(t, page, "GitHub Actions")); err != nil {
			t.Errorf("the recipe of %s: %v", page, err)
		}
	}
	checkFile(t, "github.yml", check,
		change{"fail-fast", "failfast"},
		change{"strategy.job-total", "stratgy.job-total"},
		change{"merge-multiple", "merge-all"},
		change{"needs: validate", "needs: validation"},
		change{"security-events: write", "security-events: yes"},
		change{"cron: \"17 4", "cron: \"71 4"},
	)
}
