package imagelist

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// repeat returns n lines.
func repeat(line string, n int) string { return strings.Repeat(line+"\n", n) }

func TestCheck(t *testing.T) {
	const word, image, wrong = "nginx:1.27", "a/b r.io/a/b 1", "not an image of a list"
	corp := Options{Destination: "r.io"}
	hints := Options{Hints: Hints{Destination: "ONE THING"}}
	for _, test := range []struct {
		name, content string
		options       Options
		file, stream  string // a part of the error for a file, and for a stream; "" for none
	}{
		{"images", repeat(image, 30), Options{}, "", ""},
		{"words", repeat(word, 30), corp, "", ""},

		// The wrong file.
		{"four wrong lines", repeat(wrong, 4), corp, "", ""},
		{"five wrong lines", "# x\n" + repeat(wrong, 5), corp,
			"x.txt is no list of images: none of its 5 lines is an image (x.txt:2: want SOURCE DESTINATION TAG", "none of its 5 lines is an image"},
		{"five wrong lines without a destination", repeat(wrong, 5), Options{}, "none of its 5 lines is an image", "none of its 5 lines is an image"},
		{"YAML", "apiVersion: v1\nkind: List\n" + repeat("- x: y", 22_595), Options{},
			`none of its 22597 lines is an image (x.txt:1: "apiVersion:" ends with a colon`, `none of its first 20 lines is an image (x.txt:1: "apiVersion:" ends with a colon`},
		{"one image among 19 lines", repeat(wrong, 18) + image, Options{}, "", ""},
		{"one image among 20 lines", repeat(wrong, 19) + image, Options{}, "only 1 of its 20 lines are images", "only 1 of its "},
		{"two images among 20 lines", repeat(wrong, 18) + repeat(image, 2), Options{}, "", ""},
		{"two images among 21 lines", repeat(image, 2) + repeat(wrong, 19), Options{}, "only 2 of its 21 lines are images", ""},
		{"nine images among 100 lines", repeat(image, 9) + repeat(wrong, 91), Options{}, "only 9 of its 100 lines are images", ""},
		{"ten images among 100 lines", repeat(wrong, 90) + repeat(image, 10), Options{}, "", "none of its first 20 lines"},
		{"words count as images", repeat(image, 2) + repeat(word, 700), Options{}, "", ""},

		// No destination.
		{"one word", word, Options{},
			`x.txt does not say where its images were mirrored to: its line names no destination, as in "nginx:1.27": write SOURCE DESTINATION TAG`, "its line names no destination"},
		{"words without a destination", wrong + "\n" + repeat(word, 699), hints,
			`none of its 700 lines names a destination, as in "nginx:1.27": give ONE THING, or write SOURCE DESTINATION TAG`, "none of its first 20 lines names a destination"},
		{"an image behind 30 words", repeat(word, 30) + image, Options{}, "", "none of its first 20 lines names a destination"},
		{"an image behind 19 words", repeat(word, 19) + image, Options{}, "", ""},
		{"few words among wrong lines", repeat(wrong, 30) + word, Options{}, "only 1 of its 31 lines are images", "none of its first 20 lines is an image"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file, err := Parse("x.txt", strings.NewReader(test.content), 0)
			if err != nil {
				t.Fatal(err)
			}
			stream := Stream("x.txt", strings.NewReader(test.content))
			for range 2 { // a script may load the list twice
				wantCheck(t, file, test.options, test.file)
				wantCheck(t, stream, test.options, test.stream)
				stream.Drain(t.Context())
			}
		})
	}
}

// wantCheck checks a list, and wants an error with the given text.
func wantCheck(t *testing.T, l *List, o Options, want string) {
	t.Helper()
	if err := l.Check(t.Context(), o); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestCheckOfStream shows how much of a stream is read before it is known to be a
// list, and which errors are left to those who read its lines.
func TestCheckOfStream(t *testing.T) {
	const image, wrong = "a/b r.io/a/b 1\n", "wrong in some way\n"
	for _, test := range []struct {
		name  string
		lines []string
		reads int
	}{
		{"images", []string{image, image, image}, 2},
		{"comments and images", []string{"# x\n", image, wrong, image, image}, 4},
		{"few lines", []string{image, wrong, wrong}, 4},
	} {
		r := &lineReader{lines: test.lines, end: io.EOF}
		if err := Stream("x.txt", r).Check(t.Context(), Options{}); err != nil || r.reads != test.reads {
			t.Errorf("%s: %v after %d reads, want %d", test.name, err, r.reads, test.reads)
		}
	}

	// At a prompt nothing is read in advance.
	prompt := Prompt(strings.NewReader(strings.Repeat(wrong, 30)), func() { t.Error("a prompt") }, noCommand)
	wantCheck(t, prompt, Options{}, "")

	for name, r := range map[string]io.Reader{
		"empty":  strings.NewReader(""),
		"broken": iotest.ErrReader(errors.New("broken")),
	} {
		l := Stream("x.txt", r)
		wantCheck(t, l, Options{}, "")
		if _, err := l.At(t.Context(), 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
