package mirrors

import (
	"os"
	"strings"
	"testing"
)

// TestDeep shows that a small file cannot use up memory or time.
func TestDeep(t *testing.T) {
	for name, content := range map[string]string{
		"registries.conf": "x = " + strings.Repeat("[", maxFile-10),
		"hosts.toml":      "x = " + strings.Repeat("{a=", maxFile/4),
		"x.conf":          strings.Repeat("a.", maxFile/2-10) + "a = 1",
		"registries.yaml": "mirrors: " + strings.Repeat("[", maxFile-10),
		"r.yaml":          "mirrors:\n  a: &a {endpoint: [" + strings.Repeat("m:1,", 40000) + "]}\n" + strings.Repeat("  b: *a\n", 10000),
	} {
		t.Chdir(t.TempDir())
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if c, err := Read(name); err == nil {
			t.Errorf("%s was read: %v", name, c.Warnings)
		}
	}
}
