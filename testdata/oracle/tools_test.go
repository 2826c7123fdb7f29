package oracle

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// These tests run tools that people mirror images with. Debian packages skopeo. The
// others are tools of this Go module, whose go.mod fixes their versions.

// needPrograms skips the test if a program is missing. In CI the test fails instead.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("CI has to install %s", name)
			}
			t.Skipf("%v: install Debian's package %s", err, name)
		}
	}
}

// goTools are the tools that go.mod names.
var goTools = []string{"crane", "regctl", "oras"}

// buildTools returns the path of each copying tool. Go keeps the tools that it has
// built in its cache.
func buildTools(t *testing.T) map[string]string {
	t.Helper()
	needPrograms(t, "skopeo")
	paths := map[string]string{"skopeo": "skopeo"}
	for _, tool := range goTools {
		path, err := exec.Command("go", "tool", "-n", tool).Output()
		if err != nil {
			t.Fatalf("building %s: %v", tool, err)
		}
		paths[tool] = strings.TrimSpace(string(path))
	}
	return paths
}

// runTool runs a command line of a tool between two registries, in which
// FROM and TO stand for the image at each of them.
func runTool(t *testing.T, tools map[string]string, line string, from, to registry, repository string) {
	t.Helper()
	words := strings.Fields(line)
	tool := words[0]
	for i, word := range words {
		switch word {
		case "FROM":
			words[i] = from.host + "/" + repository + ":1"
		case "TO":
			words[i] = to.host + "/" + repository + ":1"
		}
		if tool == "skopeo" && words[i] != word {
			words[i] = "docker://" + words[i]
		}
	}
	words = append(words[1:], withoutTLS(tool, from, to)...)
	command := exec.Command(tools[tool], words...)
	home := t.TempDir()
	command.Dir = home
	command.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", tool, strings.Join(words, " "), err, out)
	}
}

// withoutTLS returns the flags with which a tool speaks plain HTTP to both registries.
func withoutTLS(tool string, from, to registry) []string {
	switch tool {
	case "crane":
		return []string{"--insecure"}
	case "regctl":
		return []string{"--host", "reg=" + from.host + ",tls=disabled", "--host", "reg=" + to.host + ",tls=disabled"}
	case "oras":
		return []string{"--from-plain-http", "--to-plain-http"}
	case "skopeo":
		return []string{"--src-tls-verify=false", "--dest-tls-verify=false"}
	}
	return nil
}
