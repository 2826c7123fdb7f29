package formats

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mvrun/engine/imagelist"
)

// describe returns an entry as a short text.
func describe(e imagelist.Entry) string {
	text := fmt.Sprintf("%d %s", e.LineNumber, e.Source)
	if e.Destination != "" {
		text += " " + e.Destination
	}
	if len(e.Tags) > 0 {
		text += " " + strings.Join(e.Tags, ",")
	}
	if e.Choose != nil {
		text += " filter"
	}
	if e.Err != nil {
		text += " ERROR " + e.Err.Error()
	}
	return text
}

// TestEntries shows what each format makes of a file, and as what "auto" recognises it.
func TestEntries(t *testing.T) {
	for _, test := range []struct {
		name, content, format string
		want                  []string
	}{
		{"regsync", "sync:\n- {source: 'busybox', target: 'r.io:5000/b', type: image}\n- source: a\n  target: r.io/a\n  type: repository\n", "regsync",
			[]string{"2 busybox:latest r.io:5000/b:latest", "3 a r.io/a filter"}},
		{"regsync by digest", "sync:\n- {source: 'a@sha256:1', target: 'r.io/a:1', type: image}\n", "regsync", []string{"2 a@sha256:1 r.io/a:1"}},
		{"regsync with what is no entry", "sync:\n- {source: a, target: b, type: image}\n- 5\n- {source: a}\n- {source: a, target: b}\n- {source: 'ocidir://x', target: b, type: image}\n- {source: 'a:1', target: b, type: repository}\n", "regsync",
			[]string{"2 a:latest b:latest", "3  ERROR int `5` is no value for its key", "4 a ERROR the entry has no target", `5 a b ERROR type "": want image or repository`,
				`6 ocidir://x b ERROR source "ocidir://x" is a folder, and mvrun compares registries`,
				"7 a:1 b ERROR an entry of type repository has no tag or digest in its source and target: choose tags under the key tags"}},
		{"regsync with anchors", "x-t: &t {type: image, target: 'r.io/t:1'}\nsync:\n- &one {<<: *t, source: 'a:1'}\n- *one\n", "regsync", []string{"3 a:1 r.io/t:1", "4 a:1 r.io/t:1"}},
		{"skopeo", "docker.io:\n  images: {busybox: [1, 'sha256:2'], redis: }\nquay.io:\n  images-by-semver: {a/b: '>=1'}\n", "skopeo",
			[]string{"2 docker.io/busybox busybox 1,sha256:2", "2 docker.io/redis redis filter", "4 quay.io/a/b b filter"}},
		{"skopeo with other values", "docker.io:\n  images: {busybox: {a: b}, redis: [[1]]}\n", "skopeo",
			[]string{"2 docker.io/busybox busybox ERROR the value in line 2 is neither a text nor a list of texts", "2 docker.io/redis redis ERROR the list in line 2 has something that is no text"}},
		{"image-syncer", "quay.io/a/b:1,2: r.io/a/b\nquay.io/c@sha256:1: r.io/c\nhost:5000/d: [r.io/d, r.io/e]\nquay.io/f:/^1/: r.io/f\nquay.io/g:/(/: r.io/g\nquay.io/h:1: r.io/h:2\n", "image-syncer",
			[]string{"1 quay.io/a/b r.io/a/b 1,2", "2 quay.io/c r.io/c sha256:1", "3 host:5000/d r.io/d filter", "3 host:5000/d r.io/e filter", "4 quay.io/f r.io/f filter",
				"5 quay.io/g r.io/g ERROR regular expression \"(\": error parsing regexp: missing closing ): `(`", "6 quay.io/h:1 r.io/h:2"}},
		{"hauler", "apiVersion: content.hauler.cattle.io/v1\nkind: Images\nspec:\n  images:\n  - name: a/b:1\n  - name: c\n    rewrite: /x/c\n", "hauler",
			[]string{"5 a/b:1", "6 c:latest x/c"}},
		{"Kubernetes", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: a:1\n  - image: a:1\n  initContainers:\n  - image: b:1\n  ephemeralContainers:\n  - {name: c}\n", "kubernetes",
			[]string{"5 a:1", "8 b:1", "10 c ERROR the container has no image"}},
		{"Kubernetes, whose containers are no containers", "apiVersion: v1\nkind: X\nspec:\n  containers:\n    main: {containers: [{image: a:1}]}\n", "kubernetes", []string{"5 a:1"}},
		{"JSON", `{"apiVersion": "v1", "kind": "List", "items": [{"spec": {"containers": [{"image": "a:1"}]}}]}`, "kubernetes", []string{"1 a:1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !beginsYAML(strings.TrimSpace(strings.SplitN(test.content, "\n", 2)[0])) {
				t.Error("the first line does not look like YAML")
			}
			found, err := readAny(test.content)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range found.Entries {
				got = append(got, describe(e))
			}
			if found.Format != test.format || !slices.Equal(got, test.want) {
				t.Errorf("%s\ngot  %q\nwant %q", found.Format, got, test.want)
			}
		})
	}
}

// TestNoList shows the errors of files that are no lists.
func TestNoList(t *testing.T) {
	for _, test := range []struct {
		format, content, want string
		line                  int
	}{
		{Auto, "a: b\n", "it is YAML, but no list of images that mvrun knows (regsync, skopeo, ", 0},
		{Auto, "services:\n  a: {image: b}\n", "Docker Compose", 0},
		{Auto, "a: [\n", "parsing the YAML: ", 1},
		{Auto, "- a\n- b\n", "it is YAML, but no list", 0},
		{Auto, "", "it is YAML, but no list", 0},
		{"regsync", "a: b\n", "this is not regsync.yml with its entries under the key sync", 0},
		{"regsync", "sync: []\n---\nsync: []\n", "one document of YAML, and this has 2", 0},
		{"regsync", "x: &x [" + strings.Repeat("a,", 1000) + "]\nsync:\n" + strings.Repeat("- {source: a, target: b, type: repository, tags: {allow: *x}}\n", 101), "more than 100000 patterns", 102},
		{"skopeo", "a: b\n", "this is not the YAML of skopeo sync", 0},
		{"image-syncer", "[a]\n", "this is not images.yaml of image-syncer", 0},
		{"hauler", "apiVersion: content.hauler.cattle.io/v1\nkind: Images\n", "has its images under spec.images", 1},
		{"kubernetes", "a: b\n", "none of the manifests has a container", 0},
	} {
		reader, err := New(test.format)
		if err != nil {
			t.Fatal(err)
		}
		_, err = reader.Read(test.content)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s of %.40q: got %v, want %s", test.format, test.content, err, test.want)
			continue
		}
		line := 0
		if place, ok := errors.AsType[*imagelist.PlaceError](err); ok {
			line = place.LineNumber
		}
		if line != test.line {
			t.Errorf("%s of %.40q: line %d, want %d", test.format, test.content, line, test.line)
		}
	}
	if _, err := New("yaml"); err == nil {
		t.Error("yaml is a format")
	}
	if reader, err := New(Lines); reader != nil || err != nil {
		t.Errorf("lines: %v, %v", reader, err)
	}
}

// TestBeginsYAML shows which first lines are those of YAML.
func TestBeginsYAML(t *testing.T) {
	for line, want := range map[string]bool{
		"---": true, "%YAML 1.2": true, "version: 1": true, "sync:": true, `{"apiVersion": "v1",`: true, `"a b": c`: true, "- a": true, "[a, b]": true, "a/b:1,2: c/d": true,
		"nginx:1.27": false, "a/b c/d 1": false, "a:1 b:2": false, "[::1]:5000/a [::1]:5000/b 1": false, "docker://a@sha256:1=docker://b:1": false, "http://a/b": false,
	} {
		if got := beginsYAML(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// TestFilters shows which tags filters choose.
func TestFilters(t *testing.T) {
	tags := []string{"latest", "3", "3.18", "3.18.1", "3.18.1.2", "3.19-rc1", "3.19-rc10", "3.19-rc9", "v3.20.0", "4.0", "4.0-rc1", "3.9+x", "edge"}
	for _, test := range []struct {
		name string
		set  regsyncFilter
		want []string
	}{
		{"allow matches whole tags", regsyncFilter{Allow: []string{"3", `3\.\d+`}}, []string{"3", "3.18"}},
		{"deny", regsyncFilter{Deny: []string{".*-rc.*", `[v3].*`}}, []string{"latest", "4.0", "edge"}},
		{"a or b, as regsync reads it", regsyncFilter{Allow: []string{"l|ge"}}, []string{"latest", "edge"}},
		{"a range", regsyncFilter{SemverRange: []string{">=3.18 <4"}}, []string{"3.18", "3.18.1", "3.18.1.2", "3.19-rc1", "3.19-rc10", "3.19-rc9", "v3.20.0", "4.0-rc1"}},
		{"ranges", regsyncFilter{SemverRange: []string{"<=3.9", "4"}}, []string{"3", "4.0", "3.9+x"}},
		{"prereleases are ordered", regsyncFilter{SemverRange: []string{">3.19-rc9 <3.19"}}, []string{"3.19-rc10"}},
		{"caret", regsyncFilter{SemverRange: []string{"^3.18.1"}, Allow: []string{`.*\.\d`}}, []string{"3.18.1", "3.18.1.2", "v3.20.0"}},
		{"tilde", regsyncFilter{SemverRange: []string{"~3.18.1"}}, []string{"3.18.1", "3.18.1.2", "3.19-rc1", "3.19-rc10", "3.19-rc9"}},
	} {
		f, err := test.set.filter()
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got, err := choose([]*filter{f})(tags); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %q, %v\nwant %q", test.name, got, err, test.want)
		}
	}
	for _, word := range []string{"", "a", ">=", ">=1.x", "1 || 2"} {
		if _, err := parseRange(word); err == nil {
			t.Errorf("%q is a range", word)
		}
	}
	for zero, want := range map[string]string{"^0.2.3": "0.2.9", "^0.0.3": "0.0.3"} {
		if has, err := regsyncRange(zero); err != nil || !has(want) || has("0.3.0") {
			t.Errorf("%s: %v", zero, err)
		}
	}
	if _, err := choose(nil)(nil); err == nil {
		t.Error("no tags are all tags of a repository")
	}
}

// TestSkopeoVersions shows the ranges of skopeo, which leave out versions before a
// release.
func TestSkopeoVersions(t *testing.T) {
	choice, err := skopeoFilter("images-by-semver", []string{">= 3.12.0"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := choice([]string{"3.11", "3.12", "v3.13.1", "3.14.0-rc1", "latest"}); err != nil || !slices.Equal(got, []string{"3.12", "v3.13.1"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzRead shows that no file makes a reader panic, and that every entry has a line of
// the file and words that a failed list can hold.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"0: ''\n", "sync:\n- {source: a, target: b, type: repository, tags: {allow: ['1']}}\n", "docker.io:\n  images: {a: [1], b: []}\n",
		"a/b:1,2: c/d\na/b:/x/: [c/d]\n", "apiVersion: content.hauler.cattle.io/v1\nkind: Images\nspec: {images: [{name: a, rewrite: b}]}\n",
		"apiVersion: v1\nkind: Pod\nspec: &x\n  containers:\n  - image: a\n  - *x\n", "a: &a {<<: *a}\n", "- &a [*a]\n", "{\"a\": [1]}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		for _, name := range Names() {
			reader, err := New(name)
			if err != nil {
				t.Fatal(err)
			}
			if reader == nil {
				continue
			}
			list, err := reader.Parse("f", strings.NewReader(content), 0)
			if err != nil {
				continue
			}
			lines, _ := list.Known()
			for _, line := range lines {
				written := list.WrittenLine(line, imagelist.Options{Destination: "r.example"})
				if written == "" || strings.ContainsAny(written, "\r\n") {
					t.Errorf("%s: line %d is %q", name, line.LineNumber, written)
				}
				image, err := list.Image(line, imagelist.Options{Destination: "r.example"})
				again, errAgain := new(imagelist.List).Image(imagelist.Line{Text: image.Line}, imagelist.Options{Destination: "r.example"})
				if err != nil && errAgain == nil {
					t.Errorf("%s: %q is no image (%v), and is read again as %+v", name, image.Line, err, again)
				}
				if err == nil && (errAgain != nil || again.SourceReference() != image.SourceReference() || again.DestinationReference() != image.DestinationReference()) {
					t.Errorf("%s: %q is read again as %+v, %v", name, image.Line, again, errAgain)
				}
			}
		}
	})
}

// TestBombs reads small files whose anchors repeat each other on many levels. To follow
// every path through them would take hours.
func TestBombs(t *testing.T) {
	var merges, lists strings.Builder
	merges.WriteString("x0: &x0 {z: z}\n")
	lists.WriteString("x0: &x0 [{image: z}]\n")
	for level := range 40 {
		fmt.Fprintf(&merges, "x%d: &x%d {<<: [*x%d, *x%d]}\n", level+1, level+1, level, level)
		fmt.Fprintf(&lists, "x%d: &x%d {containers: [*x%d, *x%d]}\n", level+1, level+1, level, level)
	}
	for _, content := range []string{merges.String() + "sync:\n- *x40\n", lists.String() + "apiVersion: v1\nkind: *x40\n"} {
		for _, name := range Names() {
			if reader, err := New(name); err != nil {
				t.Error(err)
			} else if reader != nil {
				_, _ = reader.Read(content)
			}
		}
	}
}
