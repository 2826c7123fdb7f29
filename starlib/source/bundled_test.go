package source

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestModules shows that every module is bundled, but no test of a module.
func TestModules(t *testing.T) {
	files, err := os.ReadDir("modules")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		want := !strings.HasSuffix(file.Name(), TestSuffix)
		if got := slices.Contains(ModuleNames(), bundledPrefix+file.Name()); got != want {
			t.Errorf("%s is bundled: %v, want %v", file.Name(), got, want)
		}
	}
}
