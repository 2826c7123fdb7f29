package imagelist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestParts fixes the parts of some keys. Machines with other versions of mvrun may work
// on the other parts of a list, so these numbers must never change.
func TestParts(t *testing.T) {
	for key, want := range map[string][]int{ // for 1, 2, 3, 8 and 10000 parts
		"registry.corp.example/library/nginx": {1, 1, 3, 3, 5995},
		"registry.corp.example/team/app":      {1, 1, 2, 5, 4141},
		"docker.io/library/nginx":             {1, 2, 1, 2, 6274},
		"not an image":                        {1, 1, 2, 7, 7567},
	} {
		for i, count := range []int{1, 2, 3, 8, 10000} {
			for index := 1; index <= count; index++ {
				if got := (Shard{index, count}).holds(key); got != (index == want[i]) {
					t.Errorf("%s in part %d of %d: %v, want it in part %d", key, index, count, got, want[i])
				}
			}
		}
	}
}

// keysOf returns the keys of the lines of a list.
func keysOf(l *List, o Options) (keys []string) {
	known, _ := l.Known()
	for _, line := range known {
		keys = append(keys, l.shardKey(line, o))
	}
	return keys
}

// TestShardKeys shows which text decides about the part of a line: the destination as the
// log writes it, or the line itself if it is no image.
func TestShardKeys(t *testing.T) {
	const lines = "nginx REG.Corp.example/nginx 1\nnginx:2 reg.corp.example/nginx\nnginx=reg.corp.example/nginx:3@sha256:" + zeros + " # comment\n" +
		"team/app:1\nnginx\n  no image at all\nnginx:1 nginx:@\n"
	for _, test := range []struct {
		about string
		o     Options
		want  []string
	}{
		{"the list", Options{DefaultProject: "library"}, []string{"reg.corp.example/library/nginx", "reg.corp.example/library/nginx", "reg.corp.example/library/nginx",
			"team/app:1", "nginx", "  no image at all", "nginx:1 nginx:@"}},
		{"-d", Options{Destination: "M.example/hub"}, []string{"m.example/hub/nginx", "m.example/hub/nginx", "m.example/hub/nginx",
			"m.example/hub/team/app", "m.example/hub/nginx", "  no image at all", "nginx:1 nginx:@"}},
		{"present", Options{DestinationOnly: true}, []string{"reg.corp.example/nginx", "reg.corp.example/nginx", "reg.corp.example/nginx",
			"docker.io/team/app", "docker.io/library/nginx", "  no image at all", "nginx:1 nginx:@"}},
		{"-s", Options{Source: "s.example", DefaultProject: "library"}, []string{"reg.corp.example/library/nginx", "reg.corp.example/library/nginx", "reg.corp.example/library/nginx",
			"team/app:1", "nginx", "  no image at all", "nginx:1 nginx:@"}},
	} {
		l, err := Parse("x", strings.NewReader(lines), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := keysOf(l, test.o); !slices.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", test.about, got, test.want)
		}
	}
}

// TestShardKeysOfEntries shows that all images of an entry have one key, also if one of
// its tags is wrong, and before its tags are known.
func TestShardKeysOfEntries(t *testing.T) {
	l, err := words.Parse("x", strings.NewReader("entries\na.io/a d.io/a 1 2 x/y\na.io/b:1 d.io:5000/b:2@sha256:"+zeros+"\na.io/c d.io/c *\nwrong\nb/c:1\na.io/UP d.io/up 1 2\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for about, test := range map[string]struct {
		o    Options
		want []string
	}{
		"the file": {Options{}, []string{"d.io/a", "d.io/a", "d.io/a", "d.io:5000/b", "d.io/c", `"a/b:1"`, "b/c:1", "a.io/UP d.io/up", "a.io/UP d.io/up"}},
		"-d":       {Options{Destination: "m.io/hub"}, []string{"m.io/hub/a", "m.io/hub/a", "m.io/hub/a", "m.io/hub/b", "m.io/hub/c", `"a/b:1"`, "m.io/hub/b/c", "a.io/UP d.io/up", "a.io/UP d.io/up"}},
	} {
		if got := keysOf(l, test.o); !slices.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", about, got, test.want)
		}
	}
	err = l.Expand(t.Context(), Options{}, nil, func(context.Context, string) ([]string, error) { return []string{"x", "y"}, nil }, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if got := keysOf(l, Options{})[4:6]; !slices.Equal(got, []string{"d.io/c", "d.io/c"}) {
		t.Errorf("expanded: %q", got)
	}
}

// linesOf reads all lines of a Reading one by one.
func linesOf(t *testing.T, r *Reading) (lines []Line) {
	t.Helper()
	for i := 0; ; i++ {
		line, err := r.At(t.Context(), i)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	known, ended := r.Known()
	if n, final := r.Count(); !slices.Equal(known, lines) || !ended || n != len(lines) || !final {
		t.Errorf("At returns %v, Known %v, %v, and Count %d, %v", lines, known, ended, n, final)
	}
	return lines
}

// TestEachLineInOnePart shows that each line of a file and of a stream is in exactly one
// part, with its numbers in the whole list.
func TestEachLineInOnePart(t *testing.T) {
	var content strings.Builder
	for i := range 200 {
		fmt.Fprintf(&content, "# comment\nteam/app-%d d.io/team/app-%d %d\n", i, i/2, i)
		if i%10 == 0 {
			fmt.Fprintf(&content, "line %d is no image, of course\n", i)
		}
	}
	for name, open := range map[string]func() *List{
		"file": func() *List {
			l, err := Parse("x", strings.NewReader(content.String()), 0)
			if err != nil {
				t.Fatal(err)
			}
			return l
		},
		"stream": func() *List { return Stream("x", strings.NewReader(content.String())) },
	} {
		want := linesOf(t, open().Read(Options{}, Shard{}))
		if len(want) != 220 {
			t.Fatalf("%d lines", len(want))
		}
		for count := 1; count <= 9; count++ {
			of := map[Line]int{}
			parts := map[string]int{} // of destinations
			for index := 1; index <= count; index++ {
				r := open().Read(Options{}, Shard{index, count})
				lines := linesOf(t, r)
				if !slices.IsSortedFunc(lines, func(a, b Line) int { return a.Number - b.Number }) {
					t.Errorf("%s: part %d of %d is not in order", name, index, count)
				}
				for _, line := range lines {
					of[line]++
					if image, err := r.Image(line); err == nil {
						if before := parts[image.Destination]; before != 0 && before != index {
							t.Errorf("%s: %s is in the parts %d and %d", name, image.Destination, before, index)
						}
						parts[image.Destination] = index
					}
				}
			}
			for _, line := range want {
				if of[line] != 1 {
					t.Errorf("%s: line %d is in %d of %d parts", name, line.Number, of[line], count)
				}
			}
			if len(of) != len(want) {
				t.Errorf("%s: %d lines in %d parts", name, len(of), count)
			}
		}
	}
}

// TestCut shows that all parts of a list have the same cut, whatever they have read and
// expanded, and that parts with other destinations have another one.
func TestCut(t *testing.T) {
	const lines, entries = "a d.io/a 1\nb d.io/b 1\nno image at all\n", "entries\na.io/a d.io/a *\na.io/b d.io/b 1 2\nwrong\n"
	open := func(content string) *List {
		l, err := words.Parse("x", strings.NewReader(content), 0)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	list := func(context.Context, string) ([]string, error) { return []string{"1", "2"}, nil }
	seen := map[string]string{}
	for _, content := range []string{lines, entries} {
		for _, o := range []Options{{}, {Destination: "e.io"}, {Destination: "e.io", DefaultProject: "library"}} {
			name, cut := fmt.Sprint(content, o), open(content).Read(o, Shard{1, 1}).Cut()
			if before, known := seen[cut]; known && content == lines {
				t.Errorf("%s is cut like %s", name, before)
			}
			seen[cut] = name
			for index := 1; index <= 3; index++ {
				r := open(content).Read(o, Shard{index, 3})
				if _, err := r.At(t.Context(), 0); err != nil && !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				if err := r.Expand(t.Context(), list, func(string) {}); err != nil {
					t.Fatal(err)
				}
				if got := r.Cut(); got != cut || r.Cut() != cut {
					t.Errorf("%s: part %d has the cut %s, and another one %s", name, index, got, cut)
				}
			}
		}
	}
	if got := open(lines).Read(Options{}, Shard{}).Cut(); got != "" {
		t.Errorf("the whole list has the cut %s", got)
	}
	stream := Stream("x", strings.NewReader(lines)).Read(Options{}, Shard{1, 3})
	if got := stream.Cut(); got != "" {
		t.Errorf("a stream that nobody has read has the cut %s", got)
	}
	if linesOf(t, stream); stream.Cut() != open(lines).Read(Options{}, Shard{2, 3}).Cut() {
		t.Error("a stream is cut in another way than a file")
	}
}

// TestPartOfStream shows that a part reads no more of a stream than it needs, and that an
// empty list is an error in each part.
func TestPartOfStream(t *testing.T) {
	pipe, writer := io.Pipe()
	go func() {
		io.WriteString(writer, "a d.io/library/a 1\ng d.io/library/g 1\nh d.io/library/h 1\n")
	}()
	l := Stream("x", pipe)
	for _, shard := range []Shard{{1, 2}, {2, 2}} {
		if _, err := l.Read(Options{}, shard).At(t.Context(), 0); err != nil {
			t.Errorf("part %s: %v", shard, err)
		}
	}
	if known, ended := l.Known(); len(known) == 3 || ended {
		t.Errorf("%d lines are read", len(known))
	}
	empty := Stream("x", strings.NewReader("# nothing\n"))
	if _, err := empty.Read(Options{}, Shard{2, 3}).At(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "there are no images in x") {
		t.Errorf("an empty list: %v", err)
	}
}

// TestExpandPart shows that only the entries of a part are expanded, and that each entry
// is in exactly one part, whatever becomes of its tags.
func TestExpandPart(t *testing.T) {
	const content = "entries\nb.io/a d.io/a *\nb.io/b d.io/b 1 2\nb.io/a d.io/other *\nb.io/down d.io/down *\nb.io/none d.io/none *\nb.io/UP d.io/up *\nb.io/e d.io/e *\nwrong\nb.io/f d.io/f 1 x/y\n"
	open := func() *List {
		l, err := words.Parse("x", strings.NewReader(content), 0)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	var asked []string
	var mu sync.Mutex
	list := func(_ context.Context, repository string) ([]string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, repository)
		switch repository {
		case "b.io/down":
			return nil, errors.New("it is down")
		case "b.io/none":
			return nil, nil
		}
		return []string{"1", "2"}, nil
	}
	tell := func(string) {}
	whole := open().Read(Options{}, Shard{})
	if err := whole.Expand(t.Context(), list, tell); err != nil {
		t.Fatal(err)
	}
	want, all := linesOf(t, whole), len(asked)
	for count := 1; count <= 9; count++ {
		asked = nil
		var got []Line
		for index := 1; index <= count; index++ {
			r := open().Read(Options{}, Shard{index, count})
			if err := r.Expand(t.Context(), list, tell); err != nil {
				t.Fatal(err)
			}
			got = append(got, linesOf(t, r)...)
		}
		slices.SortStableFunc(got, func(a, b Line) int { return a.Number - b.Number })
		if !slices.Equal(got, want) {
			t.Errorf("%d parts:\ngot  %v\nwant %v", count, got, want)
		}
		if len(asked) < all || len(asked) > all+1 { // two entries copy b.io/a, and may be in two parts
			t.Errorf("%d parts ask for the tags of %q", count, asked)
		}
	}
}

// TestTwoReadingsOfEntries shows that a second Reading, which expands other entries,
// changes nothing for the first one.
func TestTwoReadingsOfEntries(t *testing.T) {
	var content strings.Builder
	content.WriteString("entries\n")
	for i := range 40 {
		fmt.Fprintf(&content, "b.io/%d d.io/%d *\n", i, i)
	}
	l, err := words.Parse("x", strings.NewReader(content.String()), 0)
	if err != nil {
		t.Fatal(err)
	}
	list := func(context.Context, string) ([]string, error) { return []string{"1", "2", "3"}, nil }
	shard := Shard{1, 2}
	first, second := l.Read(Options{}, shard), l.Read(Options{Destination: "e.io"}, shard)
	if n, final := first.Count(); n < 10 || n > 30 || !final {
		t.Errorf("%d entries are in the first half, %v", n, final)
	}
	if err := first.Expand(t.Context(), list, func(string) {}); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	before := linesOf(t, first)
	for range 4 {
		readers.Go(func() {
			for i := range before {
				if line, err := first.At(t.Context(), i); err != nil || line != before[i] {
					t.Errorf("line %d: %v, %v", i, line, err)
				}
			}
		})
	}
	if err := second.Expand(t.Context(), list, func(string) {}); err != nil {
		t.Fatal(err)
	}
	readers.Wait()
	if got := linesOf(t, first); !slices.Equal(got, before) {
		t.Errorf("the lines have changed")
	}
	for _, r := range []*Reading{first, second} {
		for _, line := range linesOf(t, r) {
			image, err := r.Image(line)
			if err != nil || !shard.holds(image.Destination) {
				t.Errorf("%s, %v", image.Destination, err)
			}
		}
	}
}

// TestPeek looks at the lines of a file and of a stream without waiting for them.
func TestPeek(t *testing.T) {
	const lines = "r.example/a d.example/a 1\nr.example/b d.example/b 1\nr.example/c d.example/c 1\nr.example/d d.example/d 1\n"
	file, err := Parse("x", strings.NewReader(lines), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range []Shard{{}, {1, 2}, {2, 2}} {
		r := file.Read(Options{}, shard)
		for i := 0; ; i++ {
			peeked, known := r.Peek(i)
			line, err := r.At(t.Context(), i)
			if known != (err == nil) || peeked != line {
				t.Errorf("part %v, line %d: Peek returns %v, %t, and At returns %v, %v", shard, i, peeked, known, line, err)
			}
			if err != nil {
				break
			}
		}
	}
	r := Stream("x", strings.NewReader(lines)).Read(Options{}, Shard{})
	if line, known := r.Peek(0); known {
		t.Errorf("nothing was read, and Peek returns %v", line)
	}
	if _, err := r.At(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false} {
		if _, known := r.Peek(i); known != want {
			t.Errorf("after two lines were read, line %d is known: %t, want %t", i, known, want)
		}
	}
}
