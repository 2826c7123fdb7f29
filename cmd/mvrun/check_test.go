package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/cmd/mvrun/internal/job"
)

// checkFile runs "mvrun check" on a file.
func checkFile(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, complaints strings.Builder
	status = run(append([]string{"check"}, args...), job.Console{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints,
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	return status, out.String(), complaints.String()
}

// A file that cannot be a script is wrong usage.
func TestCheckUnreadable(t *testing.T) {
	folder := t.TempDir()
	for name, test := range map[string]struct {
		content string
		size    int64
		want    string
	}{
		"large.star":  {"", 50 << 20, "is larger than 1048576 bytes"},
		"latin1.star": {"x = \"\xe9\"\n", 0, "is not UTF-8 text"},
		"nul.star":    {"x = 1\n\x00y = 2\n", 0, "is not UTF-8 text"},
		"binary.star": {"\x7fELF\xff\x00", 0, "is not UTF-8 text"},
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if test.size > 0 {
			if err := os.Truncate(path, test.size); err != nil {
				t.Fatal(err)
			}
		}
		status, stdout, stderr := checkFile(t, "--fix", path)
		if status != job.ExitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: status %d, stdout %q, stderr %q; want %q", name, status, stdout, stderr, test.want)
		}
	}
}

// "mvrun check --fix" keeps the permissions of a file, and leaves no other file
// beside it.
func TestCheckFixKeepsMode(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "s.star")
	if err := os.WriteFile(path, []byte("\"\"\"Doc.\"\"\"\nx=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o751); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := checkFile(t, "--fix", folder); status != job.ExitOK {
		t.Fatalf("status %d: %s", status, stderr)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o751 {
		t.Errorf("the mode is %v (%v), want 0751", info.Mode(), err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("there are %v (%v), want s.star alone", files, err)
	}
	if source, _ := os.ReadFile(path); string(source) != "\"\"\"Doc.\"\"\"\nx = 1\n" {
		t.Errorf("got %q", source)
	}
}

// "mvrun check" finds nothing in the scripts that users copy.
func TestCheckOurScripts(t *testing.T) {
	if status, stdout, stderr := checkFile(t, "../../examples", "../../starlib/source"); status != job.ExitOK {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}
