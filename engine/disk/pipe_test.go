//go:build unix

package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A named pipe that nobody reads does not hold a run up.
func TestPipe(t *testing.T) {
	lonely, path := filepath.Join(t.TempDir(), "lonely"), filepath.Join(t.TempDir(), "pipe")
	for _, pipe := range []string{lonely, path} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openWithin(lonely, time.Millisecond); !errors.Is(err, errNoReader) {
		t.Fatalf("got %v, want %v", err, errNoReader)
	}
	read := make(chan string)
	go func() {
		file, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		content, _ := io.ReadAll(file)
		read <- string(content)
	}()
	if err := Replace(path, []byte("a line\n")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "a line\n" {
		t.Errorf("the reader got %q", got)
	}
}
