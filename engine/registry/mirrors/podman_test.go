package mirrors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAsPodman compares where a node asks with what the library of Podman and CRI-O said,
// go.podman.io/image/v5 v5.42.1 (sysregistriesv2.PullSourcesFromReference). The library is
// too heavy for this module, so its answers for random files were recorded. null means
// that the image is blocked. Names that are asked as they stand are left out.
func TestAsPodman(t *testing.T) {
	recorded, err := os.ReadFile("testdata/podman.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for line := range bytes.Lines(recorded) {
		var node struct {
			Files map[string]string
			Asked map[string][]string
		}
		if err := json.Unmarshal(line, &node); err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		for name, content := range node.Files {
			path := filepath.Join(folder, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		c, err := Read(folder)
		if err != nil {
			t.Fatal(err)
		}
		for image, want := range node.Asked {
			name, byDigest := strings.CutSuffix(image, "@DIGEST")
			route := c.Route(name, byDigest)
			var got []string
			for _, e := range route.Endpoints {
				got = append(got, fmt.Sprintf("%s insecure:%v ns:%s", e, e.Settings != nil, e.Namespace))
			}
			compared++
			if !slices.Equal(got, want) || (want == nil) != (route.Blocked != "") {
				t.Errorf("%s:\ngot  %q\nwant %q\n%v", image, got, want, node.Files)
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d images were compared", compared)
	}
}
