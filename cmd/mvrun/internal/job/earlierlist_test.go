package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/engine/imagelist"
)

// The first result removes the list of an earlier run, and later ones leave the list that
// this run has written meanwhile.
func TestEarlierListGoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failed.txt")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("a/b:1\n")
	earlier, err := (&Config{Failed: path}).openEarlierList(nil)
	if err != nil {
		t.Fatal(err)
	}
	earlier.checkFree = func(string) error { return nil }
	for i := range 2 {
		if err := earlier.Write(&engine.Result{}); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); os.IsNotExist(err) != (i == 0) {
			t.Errorf("after result %d: %v", i+1, err)
		}
		write("a/c:1\n")
	}
}

// The first result may reach the sinks after the script has written a list of its own.
func TestEarlierListReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failed.txt")
	if err := os.WriteFile(path, []byte("a/b:1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	earlier, err := (&Config{Failed: path}).openEarlierList(nil)
	if err != nil {
		t.Fatal(err)
	}
	earlier.replaced()
	if err := earlier.Write(&engine.Result{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the run's own list was removed: %v", err)
	}
}

// TestEarlierList shows which files a failed list may replace.
func TestEarlierList(t *testing.T) {
	list, err := imagelist.Parse("list.txt", strings.NewReader("a/b:1\nno image at all\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		"": true, "\n": true, "a/b c/b 1\n": true, "a/b:1\nx/y:2\n": true, "no image at all\n": true, "no image at all\r\n": true, "a/b c/b\n": true,
		"these are other words\n": false, "all:\n\tgo build\n": false, "{}\n": false, "no image at all\nthese are other words\n": false,
	} {
		path := filepath.Join(t.TempDir(), "failed.txt")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := (&Config{Failed: path}).openEarlierList(list); (err == nil) != ok {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
