package imagelist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// words is a Reader of files that begin with "entries". Each of their other lines is an
// entry: a source, a destination and its tags, "*" for all tags of the source.
var words = &Reader{
	Begins: func(line string) bool { return line == "entries" },
	Read: func(content string) (*Entries, error) {
		found := &Entries{Format: "words"}
		for i, line := range strings.Split(strings.TrimSpace(content), "\n") {
			fields := strings.Fields(strings.TrimSpace(line))
			switch {
			case i == 0 || len(fields) == 0 || strings.HasPrefix(line, "#"):
				continue
			case fields[0] == "broken":
				return nil, &PlaceError{LineNumber: i + 1, Err: errors.New("it is broken")}
			case fields[0] == "wrong":
				found.Entries = append(found.Entries, Entry{LineNumber: i + 1, Source: "a/b:1", Err: errors.New("it is wrong")})
				continue
			}
			e := Entry{LineNumber: i + 1, Source: fields[0]}
			if len(fields) > 1 {
				e.Destination = fields[1]
			}
			if len(fields) > 2 && fields[2] == "*" {
				e.Choose = func(tags []string) ([]string, error) {
					if len(tags) == 0 {
						return nil, errors.New("no tags")
					}
					return tags, nil
				}
			} else if len(fields) > 2 {
				e.Tags = fields[2:]
			}
			found.Entries = append(found.Entries, e)
		}
		return found, nil
	},
}

const someEntries = "entries\na.io/a:1 d.io/a:1\na.io/b d.io/b 1 2 1 sha256:" + zeros + "\na.io/c d.io/c *\nwrong\nb/c:1\n"

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// written returns what the failed list would have of each line, with its number and
// part.
func written(t *testing.T, l *List, o Options) (lines []string) {
	t.Helper()
	l.Drain(t.Context())
	known, _ := l.Known()
	for _, line := range known {
		image, err := l.Image(line, o)
		text := fmt.Sprintf("%d/%d.%d %s", image.LineNumber, image.Number, image.Part, l.WrittenLine(line, o))
		if image.Line != l.WrittenLine(line, o) {
			t.Errorf("the image has the line %q", image.Line)
		}
		if err != nil {
			text += " ERROR " + err.Error()
		}
		lines = append(lines, text)
	}
	return lines
}

// TestEntries shows which lines the entries of a file have, and that a stream has the
// same.
func TestEntries(t *testing.T) {
	want := []string{"2/1.0 a.io/a:1 d.io/a:1", "3/2.0 a.io/b:1 d.io/b:1", "3/2.1 a.io/b:2 d.io/b:2",
		"3/2.2 a.io/b@sha256:" + zeros + " d.io/b@sha256:" + zeros, "4/3.0 a.io/c d.io/c ERROR x:4: " + ErrNotExpanded.Error(),
		`5/4.0 "a/b:1" ERROR x:5: it is wrong`, "6/5.0 docker.io/b/c:1 r.io/b/c:1"}
	file, err := words.Parse("x", strings.NewReader(someEntries), 0)
	if err != nil {
		t.Fatal(err)
	}
	// Only the last entry has no destination of its own: -d replaces the registry of
	// all others, too.
	replaced := slices.Clone(want)
	for i := range replaced {
		if !strings.Contains(replaced[i], "ERROR") {
			replaced[i] = strings.ReplaceAll(replaced[i], "d.io/", "r.io/")
		}
	}
	streams := map[string]*List{"file": file}
	for name, reader := range map[string]io.Reader{"stream": strings.NewReader(someEntries), "bytes": iotest.OneByteReader(strings.NewReader(someEntries)),
		"CRLF": strings.NewReader(strings.ReplaceAll(someEntries, "\n", "\r\n"))} {
		streams[name] = words.Stream("x", reader)
	}
	for name, l := range streams {
		if err := l.Check(t.Context(), Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := written(t, l, Options{Destination: "r.io"}); !slices.Equal(got, replaced) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, replaced)
		}
		known, ended := l.Known()
		if n := CountNumbers(known); n != 5 || !ended {
			t.Errorf("%s: %d entries, %v", name, n, ended)
		}
		if format, _, ok := l.Recognised(); format != "words" || !ok {
			t.Errorf("%s: recognised as %q", name, format)
		}
	}
	if got := written(t, file, Options{}); !slices.Equal(got[:6], want[:6]) || !strings.Contains(got[6], "needs the destination's registry") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestLinesWithReader shows which files and streams stay lists of lines, although there
// is a Reader, and that a stream of lines is not read ahead.
func TestLinesWithReader(t *testing.T) {
	const lines = "# a comment\n\na/b r.io/a/b 1\nentries\n"
	want := []string{"3/1.0 a/b r.io/a/b 1", "4/2.0 entries ERROR x:4: a line of one image needs the destination's registry: write SOURCE DESTINATION TAG"}
	file, err := words.Parse("x", strings.NewReader(lines), 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*List{"file": file, "stream": words.Stream("x", iotest.OneByteReader(strings.NewReader(lines)))} {
		if got := written(t, l, Options{}); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, want)
		}
	}
	pipe, writer := io.Pipe()
	defer writer.Close()
	l := words.Stream("x", pipe)
	go io.WriteString(writer, "# c\na/b r.io/a/b 1\n")
	if line, err := l.At(t.Context(), 0); err != nil || line.LineNumber != 2 {
		t.Errorf("%+v, %v", line, err)
	}
	for content, want := range map[string]string{"": "there are no images in x", "# c\n": "there are no images in x"} {
		if _, err := words.Stream("x", strings.NewReader(content)).At(t.Context(), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// TestWrongEntries shows the errors of files that a Reader cannot read.
func TestWrongEntries(t *testing.T) {
	forced := &Reader{Read: words.Read}
	for _, test := range []struct {
		reader        *Reader
		content, want string // "" for a list
	}{
		{words, "entries\nbroken beyond all repair\n", "x:2: it is broken"},
		{words, "entries\n", "there are no images in x, which is read as words"},
		{words, "entries\nbroken beyond all repair\n" + strings.Repeat("a/b r.io/a/b 1\n", 3), ""}, // a list of lines with a wrong one
		{forced, "a\nbroken beyond all repair\n" + strings.Repeat("a/b r.io/a/b 1\n", 3), "x:2: it is broken"},
		{forced, "# c\na/b d/b 1\n", ""},
		{words, "entries\n" + strings.Repeat("#", MaxContent), "x has more than 16 MiB"},
	} {
		_, errFile := test.reader.Parse("x", strings.NewReader(test.content), 0)
		errStream := test.reader.Stream("x", strings.NewReader(test.content)).Check(t.Context(), Options{})
		for name, err := range map[string]error{"file": errFile, "stream": errStream} {
			switch _, wrong := errors.AsType[*WrongListError](err); {
			case test.want == "" && err != nil:
				t.Errorf("%s %.20q: %v", name, test.content, err)
			case test.want != "" && (!wrong || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%s %.20q: %v, want %s", name, test.content, err, test.want)
			}
		}
	}
	broken := words.Stream("x", io.MultiReader(strings.NewReader("entries\na:1 b:1\n"), iotest.ErrReader(errors.New("unplugged"))))
	if _, err := broken.At(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "unplugged") {
		t.Errorf("a stream that breaks: %v", err)
	}
}

// TestInterruptedStream shows that a stream for a Reader leaves no lines if the run ends
// before the stream does: its text is no list of lines.
func TestInterruptedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe, writer := io.Pipe()
		l := words.Stream("x", pipe)
		ctx, cancel := context.WithCancel(t.Context())
		go l.At(ctx, 0)
		io.WriteString(writer, "entries\na:1 b:1\nc:1 d:1")
		synctest.Wait()
		cancel()
		l.Drain(ctx)
		if known, ended := l.Known(); len(known) != 0 || ended {
			t.Errorf("%+v, %v", known, ended)
		}
		writer.Close()
	})
}

// TestExpand shows how filters become lines.
func TestExpand(t *testing.T) {
	l, err := words.Parse("x", strings.NewReader("entries\nb.io/a d.io/a *\nb.io/b d.io/b 1 2\nb.io/a d.io/other *\nb.io/down d.io/down *\nb.io/none d.io/none *\nb.io/UP d.io/up *\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	asked, told := make(chan string, 10), []string{}
	list := func(_ context.Context, repository string) ([]string, error) {
		asked <- repository
		switch repository {
		case "s.io/a":
			return []string{"1", "x/y", "2"}, nil
		case "s.io/none":
			return nil, nil
		}
		return nil, errors.New("it is down")
	}
	o := Options{Source: "s.io"}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Expand(ended, o, nil, list, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	for len(asked) > 0 {
		<-asked
	}
	for range 2 { // the second time, nothing is asked
		if err := l.Expand(t.Context(), o, nil, list, func(message string) { told = append(told, message) }); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"2/1.0 s.io/a:1 d.io/a:1", `2/1.1 "b.io/a:x/y" "d.io/a:x/y" ERROR x:2: "\"b.io/a:x/y\"" is no image: it has characters that no image has`, "2/1.2 s.io/a:2 d.io/a:2",
		"3/2.0 s.io/b:1 d.io/b:1", "3/2.1 s.io/b:2 d.io/b:2", "4/3.0 s.io/a:1 d.io/other:1", "", "4/3.2 s.io/a:2 d.io/other:2",
		"5/4.0 b.io/down d.io/down ERROR x:5: it is down", "6/5.0 b.io/none d.io/none ERROR x:6: s.io/none: no tags",
		`7/6.0 b.io/UP d.io/up ERROR x:7: source "b.io/UP": "UP": a repository is written in lower case`}
	got := written(t, l, o)
	for i := range got {
		if want[i] != "" && !strings.Contains(got[i], "x/y") && got[i] != want[i] {
			t.Errorf("got  %q\nwant %q", got[i], want[i])
		}
		if strings.Contains(got[i], "x/y") && !strings.Contains(got[i], "ERROR") {
			t.Errorf("a tag that registries do not allow: %q", got[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %q", got)
	}
	if want := []string{"x:2: 3 of 3 tags of s.io/a", "x:4: 3 of 3 tags of s.io/a"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if len(asked) != 3 {
		t.Errorf("%d requests for tags, want one for each repository", len(asked))
	}
	alone, err := words.Parse("x", strings.NewReader("entries\nb.io/a d.io/a *\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := alone.Expand(t.Context(), Options{DestinationOnly: true}, nil, list, nil); err != nil || len(asked) != 3 {
		t.Errorf("rules that never ask the source: %v, %d requests", err, len(asked))
	}
}
