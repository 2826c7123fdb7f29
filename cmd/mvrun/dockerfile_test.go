package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestDockerfile executes the command with which the Dockerfile builds mvrun. The image has
// no C library, so the binary must be static. The Go of the image is that of go.mod.
func TestDockerfile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: the image is one of Linux")
	}
	skipShort(t, "it builds the program")
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(modules)
	if want := "golang:" + string(required[1]) + " "; !strings.Contains(string(content), want) {
		t.Errorf("the Dockerfile does not build with %s", want)
	}
	build := regexp.MustCompile(`(?m)^RUN (.* go build .*)$`).FindSubmatch(content)
	if build == nil {
		t.Fatal("the Dockerfile does not build the program")
	}
	program := filepath.Join(t.TempDir(), "mvrun")
	shell := exec.Command("sh", "-ec", strings.Replace(string(build[1]), "/out/mvrun", program, 1))
	shell.Dir = "../.."
	shell.Env = append(os.Environ(), "TARGETOS="+runtime.GOOS, "TARGETARCH="+runtime.GOARCH)
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	binary, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, part := range binary.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("the program needs a dynamic linker, which the image does not have")
		}
	}
	out, err := exec.Command(program, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "mvrun "+version+"\n") {
		t.Errorf("mvrun version: %s, %v", out, err)
	}
}
