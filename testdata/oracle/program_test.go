package oracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program is the path of mvrun, which TestMain builds.
var program string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "mvrun-oracle-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "mvrun")
	build := exec.Command("go", "build", "-o", program, "./cmd/mvrun")
	build.Dir = "../.." // the folder of mvrun's module
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building mvrun: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// outcome is the outcome of one run of the program.
type outcome struct {
	status  int
	log     string
	failed  string            // the failed list
	results map[string]result // the keys are the repositories at the source
}

// result has the fields of a line of the results file that these tests read.
type result struct {
	Source  string `json:"source"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Match   string `json:"match"`
	Message string `json:"message"`

	Warnings []string `json:"warnings"`
}

// validate runs the bundled script over a list. The run has its own working directory
// and its own home folder.
func validate(t *testing.T, list string, arguments ...string) outcome {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "list.txt"), []byte(list), 0o666); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, append([]string{"validate.star", "-f", "list.txt", "-j", "4", "--results", "r.jsonl"}, arguments...)...)
	command.Dir = dir
	command.Env = []string{"HOME=" + dir}
	log, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	failed, err := os.ReadFile(filepath.Join(dir, "mirror-validate-failed.txt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	results := readResults(t, filepath.Join(dir, "r.jsonl"))
	return outcome{command.ProcessState.ExitCode(), string(log), string(failed), results}
}

// readResults reads a results file. The keys are the repositories at the source.
func readResults(t *testing.T, file string) map[string]result {
	t.Helper()
	results := map[string]result{}
	for line := range strings.Lines(read(t, file)) {
		if !strings.HasPrefix(line, `{"type":"image"`) {
			continue
		}
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		_, repository, _ := strings.Cut(r.Source, "/")
		results[repository] = r
	}
	return results
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}
