package imagelist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// listTests are lists. Each of them is read as a file and as a stream.
var listTests = []struct {
	name, content string
	want          []Line
	err           string // a part of the error, "" for none
}{
	{name: "one line", content: "a/b r.io/a/b 1\n", want: []Line{{"a/b r.io/a/b 1", 1, 1}}},
	{name: "no newline at the end", content: "one\ntwo", want: []Line{{"one", 1, 1}, {"two", 2, 2}}},
	{name: "no newline behind CR", content: "one\r", want: []Line{{"one", 1, 1}}},
	{name: "CRLF", content: "one\r\n\r\n# x\r\ntwo\r\n", want: []Line{{"one", 1, 1}, {"two", 4, 2}}},
	{name: "CR alone", content: "one\rtwo\r\r# x\rthree", want: []Line{{"one", 1, 1}, {"two", 2, 2}, {"three", 5, 3}}},
	{name: "CR alone at the end of a comment", content: "# x\rone\ntwo\r\n// y\rthree\n", want: []Line{{"one", 2, 1}, {"two", 3, 2}, {"three", 5, 3}}},
	{name: "CR before CRLF", content: "one\r\r\ntwo\n\rthree", want: []Line{{"one", 1, 1}, {"two", 3, 2}, {"three", 5, 3}}},
	{name: "CR within a line", content: "one\r two", want: []Line{{"one", 1, 1}, {" two", 2, 2}}},
	{name: "a comment with a line separator", content: "# x\u2028one\n", want: []Line{{"# x\u2028one", 1, 1}}},
	{name: "a comment that ends with a form feed", content: "# x\f\none\n", want: []Line{{"one", 2, 1}}},
	{name: "blank in many ways", content: "\v\n\f\n\u0085\n\u2028\n\u00a0\none", want: []Line{{"one", 6, 1}}},
	{name: "a byte-order mark", content: "\ufeffone\ntwo\n", want: []Line{{"one", 1, 1}, {"two", 2, 2}}},
	{name: "a byte-order mark before a comment", content: "\ufeff# x\none\n", want: []Line{{"one", 2, 1}}},
	{name: "a byte-order mark alone in its line", content: "\ufeff\r\none", want: []Line{{"one", 2, 1}}},
	{name: "a byte-order mark counts only at the beginning", content: "one\n\ufefftwo\n", want: []Line{{"one", 1, 1}, {"\ufefftwo", 2, 2}}},
	{name: "comments and blank lines", content: "# x\n\none\n// y\n \t\n  # z\n\t// z\n//\n#\ntwo\n", want: []Line{{"one", 3, 1}, {"two", 10, 2}}},
	{name: "a comment behind an image is a part of the line", content: "one # x\na//b\n", want: []Line{{"one # x", 1, 1}, {"a//b", 2, 2}}},
	{name: "word for word", content: "  a/b\t r.io/a/b  1 \t\n\x1b[31m\xff\x00\n", want: []Line{{"  a/b\t r.io/a/b  1 \t", 1, 1}, {"\x1b[31m\xff\x00", 2, 2}}},
	{name: "the same line twice", content: "one\none\n", want: []Line{{"one", 1, 1}, {"one", 2, 2}}},
	{name: "a line of a megabyte", content: strings.Repeat("x", 1<<20) + "\ntwo\n", want: []Line{{strings.Repeat("x", 1<<20), 1, 1}, {"two", 2, 2}}},
	{name: "ten megabytes of comments", content: strings.Repeat("#"+strings.Repeat(" x", 511)+"\n", 10<<10) + "one\n", want: []Line{{"one", 10<<10 + 1, 1}}},

	{name: "empty", content: "", err: "there are no images in x.txt: nothing would be validated; write one image a line, SOURCE DESTINATION TAG"},
	{name: "comments alone", content: "# one\n\n// two", err: "there are no images in x.txt"},
	{name: "a byte-order mark alone", content: "\ufeff", err: "there are no images in x.txt"},
	{name: "little-endian UTF-16", content: "\xff\xfea\x00\n\x00", err: "list x.txt is UTF-16; save it as UTF-8"},
	{name: "little-endian UTF-16 without a mark", content: "a\x00/\x00b\x00\n\x00", err: "list x.txt is UTF-16; save it as UTF-8"},
	{name: "big-endian UTF-16 without a mark", content: "\x00a\x00/\x00b\x00\n", err: "list x.txt is UTF-16"},
	{name: "big-endian UTF-16", content: "\xfe\xff\x00a\x00\n", err: "list x.txt is UTF-16; save it as UTF-8"},
}

// read returns all lines of a list.
func read(ctx context.Context, l *List) (lines []Line, err error) {
	for i := 0; ; i++ {
		line, err := l.At(ctx, i)
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, line)
	}
}

func TestLines(t *testing.T) {
	for _, test := range listTests {
		for _, from := range []struct {
			name string
			open func() (*List, error)
		}{
			{"file", func() (*List, error) { return Parse("x.txt", strings.NewReader(test.content), 0) }},
			{"stream", func() (*List, error) { return Stream("x.txt", strings.NewReader(test.content)), nil }},
			{"small reads", func() (*List, error) {
				return Stream("x.txt", iotest.HalfReader(iotest.DataErrReader(strings.NewReader(test.content)))), nil
			}},
		} {
			t.Run(from.name+"/"+test.name, func(t *testing.T) {
				l, err := from.open()
				var lines []Line
				if err == nil {
					lines, err = read(t.Context(), l)
				}
				if test.err != "" {
					if err == nil || !strings.Contains(err.Error(), test.err) || len(lines) > 0 {
						t.Fatalf("got %.300v, %v, want error %q", lines, err, test.err)
					}
					return
				}
				if err != nil || !slices.Equal(lines, test.want) {
					t.Errorf("got %.300v, %v, want %.300v", lines, err, test.want)
				}
				if known, all := l.Known(); !slices.Equal(known, lines) || !all {
					t.Errorf("known are %.300v, all: %v", known, all)
				}
			})
		}
	}
}

func TestOpen(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "list.txt")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; l.Name != path || l.SHA256 != want || l.Interactive() {
		t.Errorf("got %s, %s, %v", l.Name, l.SHA256, l.Interactive())
	}
	// A list keeps the content that the file had when it was opened.
	if err := os.WriteFile(path, []byte("other\nlines\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if lines, err := read(t.Context(), l); err != nil || !slices.Equal(lines, []Line{{"abc", 1, 1}}) {
		t.Errorf("got %v, %v", lines, err)
	}

	empty := filepath.Join(folder, "empty.txt")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ path, want string }{
		{filepath.Join(folder, "lost.txt"), "lost.txt does not exist"},
		{folder, "is a directory; give a file with one image a line"},
		{path + "/x", "opening the list: "},
		{empty, "there are no images in "},
	} {
		if l, err := Open(test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, %v, want %q", test.path, l, err, test.want)
		}
	}

	// A path that is no regular file is read as a stream.
	l, err = Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if lines, err := read(t.Context(), l); err == nil || !strings.Contains(err.Error(), "there are no images in ") || l.SHA256 != "" {
		t.Errorf("got %v, %v, SHA-256 %q", lines, err, l.SHA256)
	}
}

func TestImage(t *testing.T) {
	l, err := Parse("x.txt", strings.NewReader("# comment\n  nginx r.io/nginx 1 \nbad line\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := read(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	image, err := l.Image(lines[0], Options{DefaultProject: "library"})
	want := Image{Source: "docker.io/library/nginx", Destination: "r.io/library/nginx", Tag: "1", Line: "  nginx r.io/nginx 1 ", LineNumber: 2, Number: 1, List: "x.txt"}
	if err != nil || image != want {
		t.Errorf("got %+v, %v, want %+v", image, err, want)
	}
	// The error of a line that is no image names the place of the line.
	image, err = l.Image(lines[1], Options{})
	want = Image{Line: "bad line", LineNumber: 3, Number: 2, List: "x.txt"}
	if err == nil || !strings.HasPrefix(err.Error(), "x.txt:3: the tag is missing: write SOURCE:TAG DESTINATION:TAG") || image != want {
		t.Errorf("got %+v, %v, want %+v", image, err, want)
	}
}

// lineReader delivers one line for each call of Read, and counts the calls.
type lineReader struct {
	lines []string
	reads int
	end   error
}

func (r *lineReader) Read(p []byte) (int, error) {
	r.reads++
	if r.reads > len(r.lines) {
		return 0, r.end
	}
	return copy(p, r.lines[r.reads-1]), nil
}

// TestStreamIsLazy reads a stream line by line: somebody may be writing the lines
// one by one.
func TestStreamIsLazy(t *testing.T) {
	r := &lineReader{lines: []string{"one\n", "# comment\n", "two\n", "three\n"}, end: io.EOF}
	l := Stream("x.txt", r)
	if lines, all := l.Known(); len(lines) > 0 || all || r.reads > 0 {
		t.Fatalf("%v read %d times, before anybody asked", lines, r.reads)
	}
	for _, step := range []struct {
		index, reads int
		want         Line
	}{
		{0, 1, Line{"one", 1, 1}},
		{0, 1, Line{"one", 1, 1}},
		{1, 3, Line{"two", 3, 2}}, // after a comment
		{0, 3, Line{"one", 1, 1}},
		{2, 4, Line{"three", 4, 3}},
	} {
		line, err := l.At(t.Context(), step.index)
		if err != nil || line != step.want || r.reads != step.reads {
			t.Fatalf("At(%d): got %v, %v after %d reads, want %v after %d", step.index, line, err, r.reads, step.want, step.reads)
		}
	}
	if _, all := l.Known(); all {
		t.Error("the list says that it is complete before its end was read")
	}
	for range 2 {
		if _, err := l.At(t.Context(), 3); err != io.EOF || r.reads != 5 {
			t.Errorf("got %v after %d reads, want the end after 5", err, r.reads)
		}
	}

	// A line of a pipe can be read before the next one is written, also if nobody
	// knows whether LF follows a CR.
	pipe, writer := io.Pipe()
	l = Stream("x.txt", pipe)
	for i, written := range []string{"line 0\n", "line 1\r", "line 2\r\n", "line 3\r", "\nline 4\r"} {
		go io.WriteString(writer, written)
		if line, err := l.At(t.Context(), i); err != nil || line.Text != fmt.Sprint("line ", i) || line.LineNumber != i+1 {
			t.Errorf("got %v, %v, want line %d", line, err, i)
		}
	}
}

// TestStreamCancelled cancels readers of a pipe. The read of the pipe goes on, but
// the readers return at once.
func TestStreamCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe, writer := io.Pipe()
		defer writer.Close()
		l := Stream("x.txt", pipe)
		cause := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		errs := make(chan error, 2)
		for range cap(errs) { // one reader waits for the pipe, the other for the first reader
			go func() {
				_, err := l.At(ctx, 0)
				errs <- err
			}()
		}
		synctest.Wait()
		if len(errs) > 0 {
			t.Fatalf("did not wait: %v", <-errs)
		}
		cancel(cause)
		synctest.Wait()
		for range cap(errs) {
			select {
			case err := <-errs:
				if err != cause {
					t.Errorf("got %v, want the cause", err)
				}
			default:
				t.Fatal("still waiting")
			}
		}

		// Neither the line that the readers were waiting for nor a later one is lost.
		go fmt.Fprint(writer, "one\ntwo\n")
		for i, want := range []string{"one", "two"} {
			if line, err := l.At(t.Context(), i); err != nil || line.Text != want {
				t.Errorf("got %v, %v, want %s", line, err, want)
			}
		}
		// At returns a line that was read before even if the context is cancelled.
		if line, err := l.At(ctx, 1); err != nil || line.Text != "two" {
			t.Errorf("got %v, %v", line, err)
		}
	})
}

// TestStreamShared lets several readers wait for the same line. All of them get it
// from one read.
func TestStreamShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe, writer := io.Pipe()
		defer writer.Close()
		l := Stream("x.txt", pipe)
		texts := make(chan string, 3)
		for range cap(texts) {
			go func() {
				line, err := l.At(t.Context(), 0)
				texts <- fmt.Sprint(line.Text, " ", err)
			}()
		}
		synctest.Wait() // until all readers wait for the pipe
		if _, err := fmt.Fprintln(writer, "one"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(texts) != cap(texts) {
			t.Fatalf("%d of %d have their line", len(texts), cap(texts))
		}
		for range cap(texts) {
			if got := <-texts; got != "one <nil>" {
				t.Errorf("got %s", got)
			}
		}
	})
}

func TestStreamError(t *testing.T) {
	broken := errors.New("input/output error")
	for _, test := range []struct {
		name  string
		lines []string
		want  []string
		err   string
	}{
		{"at once", nil, nil, "reading the list x.txt after line 0: input/output error"},
		{"between lines", []string{"one\n", "# two\n"}, []string{"one"}, "reading the list x.txt after line 2: input/output error"},
		// Half a line could be another image.
		{"within a line", []string{"one\n", "two"}, []string{"one"}, "reading the list x.txt after line 1: input/output error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := Stream("x.txt", &lineReader{lines: test.lines, end: broken})
			for range 2 { // At still returns the lines before the error
				lines, err := read(t.Context(), l)
				if !errors.Is(err, broken) || err.Error() != test.err {
					t.Errorf("got %v, want %s", err, test.err)
				}
				if len(lines) != len(test.want) || len(lines) > 0 && lines[0].Text != test.want[0] {
					t.Errorf("got %v, want %v", lines, test.want)
				}
			}
			if _, all := l.Known(); all {
				t.Error("these are not all lines")
			}
		})
	}
}

func TestConcurrentReaders(t *testing.T) {
	const lines, readers = 200, 8
	var content strings.Builder
	var want []Line
	for i := range lines {
		fmt.Fprintf(&content, "# comment\nline %d\n", i)
		want = append(want, Line{fmt.Sprint("line ", i), 2*i + 2, i + 1})
	}
	// Several goroutines read a file, a stream, and a stream whose readers are
	// cancelled in part.
	file, err := Parse("x.txt", strings.NewReader(content.String()), 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*List{"file": file, "stream": Stream("x.txt", iotest.OneByteReader(strings.NewReader(content.String())))} {
		t.Run(name, func(t *testing.T) {
			var wait sync.WaitGroup
			for range readers {
				wait.Go(func() {
					got, err := read(t.Context(), l)
					if err != nil || !reflect.DeepEqual(got, want) {
						t.Errorf("got %v, %v", got, err)
					}
				})
				wait.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					wait.Go(cancel) // at a random moment
					got, err := read(ctx, l)
					if err != nil && err != context.Canceled || !slices.Equal(got, want[:len(got)]) {
						t.Errorf("got %v, %v", got, err)
					}
				})
				wait.Go(func() {
					if known, _ := l.Known(); !slices.Equal(known, want[:len(known)]) {
						t.Errorf("known are %v", known)
					}
				})
			}
			wait.Wait()
		})
	}
}

func TestDrain(t *testing.T) {
	l := Stream("x.txt", strings.NewReader("one\n# x\ntwo\nthree"))
	if _, err := l.At(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	l.Drain(t.Context())
	if lines, all := l.Known(); len(lines) != 3 || !all {
		t.Errorf("known are %v, all: %v", lines, all)
	}

	file, err := Parse("x.txt", strings.NewReader("one\ntwo\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	file.Drain(t.Context())

	for name, content := range map[string]string{"LF": "one\ntwo\n# x\nthr", "CR": "one\rtwo\r# x\rthr", "CRLF": "one\r\ntwo\r\n# x\r\nthr"} {
		// Lines that the stream has delivered are lines of the list, even if nobody has
		// asked for them.
		delivered := Stream("x.txt", strings.NewReader(content))
		if _, err := delivered.At(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		over, end := context.WithCancel(t.Context())
		end()
		delivered.Drain(over)
		lines, _ := delivered.Known()
		if want := []Line{{"one", 1, 1}, {"two", 2, 2}, {"thr", 4, 3}}; !slices.Equal(lines, want) {
			t.Errorf("%s: known are %v, want %v", name, lines, want)
		}
	}

	broken := Stream("x.txt", &lineReader{lines: []string{"one\n"}, end: errors.New("broken")})
	broken.Drain(t.Context())
	if lines, all := broken.Known(); len(lines) != 1 || all {
		t.Errorf("known are %v, all: %v", lines, all)
	}

	// One goroutine waits for the end of a line, and another takes the beginning of
	// the line. The first gets the part that follows.
	pipe, writer := io.Pipe()
	split, got := &splitter{r: pipe}, make(chan string)
	go func() {
		line, _ := split.next()
		got <- line
	}()
	io.WriteString(writer, "beginning")
	for taken := ""; taken == ""; {
		taken = split.rest()
	}
	io.WriteString(writer, "\n")
	if line := <-got; line != "\n" {
		t.Errorf("got %q", line)
	}

	// An LF is no line if its CR was taken before.
	parted := &splitter{r: strings.NewReader("\nthree\n"), pending: []byte("one\ntwo\r")}
	if taken := parted.rest(); taken != "one\ntwo\r" {
		t.Errorf("got %q", taken)
	}
	if line, err := parted.next(); line != "three\n" || err != nil {
		t.Errorf("got %q, %v", line, err)
	}

	// Drain returns when its context ends, even if a writer keeps the pipe open.
	synctest.Test(t, func(t *testing.T) {
		pipe, writer := io.Pipe()
		defer writer.Close()
		l := Stream("x.txt", pipe)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			l.Drain(ctx)
			close(done)
		}()
		if _, err := fmt.Fprintln(writer, "one"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if lines, all := l.Known(); len(lines) != 1 || all {
			t.Errorf("known are %v, all: %v", lines, all)
		}
		cancel()
		<-done
	})
}

// noCommand is for a prompt that knows no commands.
func noCommand(string) (bool, error) { return false, nil }

// TestPrompt counts the prompts. The list prints a prompt before it reads a line,
// and only when somebody asks for the line.
func TestPrompt(t *testing.T) {
	typed := &lineReader{lines: []string{"one\n", "\n", "# x\n", "two\n"}, end: io.EOF}
	prompts := 0
	l := Prompt(typed, func() {
		if prompts != typed.reads {
			t.Errorf("prompt %d after %d lines", prompts+1, typed.reads)
		}
		prompts++
	}, noCommand)
	if !l.Interactive() || prompts != 0 {
		t.Fatalf("interactive: %v, %d prompts before anybody asked", l.Interactive(), prompts)
	}
	l.Drain(t.Context()) // after an interruption there is no prompt for more lines
	for _, step := range []struct {
		index, prompts int
		err            error
	}{{0, 1, nil}, {0, 1, nil}, {1, 4, nil}, {0, 4, nil}, {2, 5, io.EOF}, {2, 5, io.EOF}, {0, 5, nil}} {
		if _, err := l.At(t.Context(), step.index); err != step.err || prompts != step.prompts {
			t.Errorf("At(%d): got %v after %d prompts, want %v after %d", step.index, err, prompts, step.err, step.prompts)
		}
	}

	// If a person pastes several lines at once, there is a prompt for each line. A command
	// is no line of the list, and may end the list.
	prompts = 0
	commands := ""
	l = Prompt(strings.NewReader("one\nhelp\n two\nquit\nthree\n"), func() { prompts++ }, func(line string) (bool, error) {
		commands += line + " "
		if line == "quit" {
			return true, io.EOF
		}
		return line == "help", nil
	})
	if lines, err := read(t.Context(), l); err != nil || len(lines) != 2 || prompts != 4 || commands != "one help two quit " {
		t.Errorf("got %v, %v after %d prompts and %q", lines, err, prompts, commands)
	}

	// A person may end the list without typing a line.
	if lines, err := read(t.Context(), Prompt(strings.NewReader(""), func() {}, noCommand)); err != nil || len(lines) > 0 {
		t.Errorf("got %v, %v", lines, err)
	}

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			l := Prompt(strings.NewReader("one\n"), func() { t.Error("a prompt after the interruption") }, noCommand)
			if _, err := l.At(ctx, 0); err != context.Canceled {
				t.Error(err)
			}
		}
	})
}
