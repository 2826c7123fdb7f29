package imagelist

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
)

func TestCommentBehindImage(t *testing.T) {
	corp := Options{Destination: "r.io"}
	three := Image{Source: "docker.io/a/b", Destination: "r.io/a/b", Tag: "1"}
	for _, line := range []string{
		"a/b r.io/a/b 1 # later", "a/b r.io/a/b 1 #later", "a/b r.io/a/b 1\t#\tlater", "a/b r.io/a/b 1 #", "  a/b r.io/a/b 1   ## x # y",
		"a/b:1 # later", "a/b:1 #", "a/b:1\u00a0# later", "a/b:1 # http://x.example/#y", "a/b:1 # a tab\tand é", "a/b:1\u2028# later", "a/b:1 # x\f", "a/b:1 # x\f# y",
	} {
		if image, err := readLine(line, corp); err != nil || image != three {
			t.Errorf("%q: got %+v, %v", line, image, err)
		}
	}
	for _, line := range []string{"a/b:1#later", "a/b r.io/a/b 1#later", "a/b r.io/a/b # 1 2"} {
		if image, err := readLine(line, Options{}); err == nil {
			t.Errorf("%q: got %+v", line, image)
		}
	}
}

// TestUnseenCharacters shows that a message names a character that nobody sees.
func TestUnseenCharacters(t *testing.T) {
	corp := Options{Destination: "r.io"}
	for _, test := range []struct{ line, want string }{
		// Text behind a comment, on what some editors show as the next line.
		{"# x\u2028a/b r.io/a/b 1", "the comment holds U+2028 (line separator), and text follows"},
		{"# x\u2029a/b r.io/a/b 1", "the comment holds U+2029 (paragraph separator)"},
		{"# x\va/b r.io/a/b 1", "the comment holds U+000B (vertical tab)"},
		{"# x\fa/b r.io/a/b 1", "the comment holds U+000C (form feed)"},
		{"# x\u0085a/b r.io/a/b 1", "the comment holds U+0085 (next line)"},
		{"# x\x00a/b r.io/a/b 1", "the comment holds U+0000 (NUL)"},
		{"# x\x1ea/b r.io/a/b 1", "the comment holds U+001E (record separator)"},
		{"// x\f# y\x00 z", "the comment holds U+0000 (NUL)"},
		{"a/b r.io/a/b 1 # x\u2028c/d r.io/c/d 1", "the comment holds U+2028 (line separator)"},

		// Two images that look like two lines.
		{"a/b r.io/a/b 1\u2028c/d r.io/c/d 1", "character 15 of the line is U+2028 (line separator), where some editors show a new line"},
		{"a/b:1\vc/d:1", "character 6 of the line is U+000B (vertical tab)"},
		{"a/b:1\fc/d:1", "character 6 of the line is U+000C (form feed)"},
		{"a/b:1\u0085c/d:1", "character 6 of the line is U+0085 (next line)"},
		{"a/b:1\x00c/d:1", "character 6 of the line is U+0000 (NUL)"},

		// Characters within words.
		{"\ufeffa/b:1", "character 1 of the line is U+FEFF (byte-order mark), which is not seen on a screen: remove it"},
		{"\ufeff# x", "character 1 of the line is U+FEFF (byte-order mark)"},
		{"\u200b# x", "character 1 of the line is U+200B (zero-width space)"},
		{"  a/é\u200b:1 # x", "character 6 of the line is U+200B (zero-width space)"},
		{"a/b\u00ad:1", "U+00AD (soft hyphen)"},
		{"a/b\u202e:1", "U+202E (right-to-left override)"},
		{"a/b\u2060:1", "U+2060 (word joiner)"},
		{"a/b:1\x1a", "U+001A (Ctrl-Z, the end of a DOS file)"},
		{"a/b:1\x1b[0m", "U+001B (escape)"},
		{"a/b:1\x06", "U+0006 (control character)"},
		{"a/b:1\u2066", "U+2066, which"},
		{"a/b\xff:1", "character 4 of the line is the byte 0xff, which is not UTF-8"},
		{"a/b\ufffd:1", "U+FFFD (replacement character)"},
	} {
		_, err := readLine(test.line, corp)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q\ngot  %v\nwant %s", test.line, err, test.want)
			continue
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("not fit for a terminal: %q", err)
		}
	}
}

// TestSpaces shows that spaces of every width separate words.
func TestSpaces(t *testing.T) {
	for _, space := range []string{" ", "\t", "\u00a0", "\u2003", "\u202f", "\u3000"} {
		image, err := readLine(strings.ReplaceAll(" a/b r.io/a/b 1 ", " ", space), Options{})
		if want := (Image{Source: "docker.io/a/b", Destination: "r.io/a/b", Tag: "1"}); err != nil || image != want {
			t.Errorf("%q: got %+v, %v", space, image, err)
		}
	}
}

// TestNothingHidesAnImage puts every character between two images, and between a
// comment and an image. Neither is one image alone, or none, if some program shows
// two lines.
func TestNothingHidesAnImage(t *testing.T) {
	const first, second = "a/b r.io/a/b 1", "c/d r.io/c/d 2"
	// Where Python's str.splitlines and Unicode's line breaking begin a new line, and NUL.
	const newLines = "\n\v\f\r\x1c\x1d\x1e\u0085\u2028\u2029\x00"
	for r := range rune(0x2100) {
		if 0x200 <= r && r < 0x2000 {
			continue // letters
		}
		two := parse(t, first+string(r)+second)
		if len(two) != 2 && (len(two) != 1 || two[0] == nil) {
			t.Errorf("%U between two images: got %v", r, two)
		}
		if behind := parse(t, "# comment"+string(r)+second+"\n"+first); strings.ContainsRune(newLines, r) && len(behind) != 2 {
			t.Errorf("%U between a comment and an image: got %v", r, behind)
		}
	}
}

// parse returns the error, or nil, of each line of a list. A file and a stream must
// have the same lines.
func parse(t *testing.T, content string) []error {
	t.Helper()
	return parseInParts(t, content, iotest.OneByteReader(strings.NewReader(content)))
}

// parseInParts is parse with a reader of the stream.
func parseInParts(t *testing.T, content string, stream io.Reader) []error {
	t.Helper()
	file, err := Parse("x.txt", strings.NewReader(content), 0)
	if err != nil {
		t.Fatal(err)
	}
	lines, _ := file.Known()
	streamed, err := read(t.Context(), Stream("x.txt", stream))
	if fmt.Sprint(lines) != fmt.Sprint(streamed) || err != nil {
		t.Errorf("%q: a file has %v, a stream %v, %v", content, lines, streamed, err)
	}
	var errs []error
	for _, line := range lines {
		_, err := file.Image(line, Options{})
		errs = append(errs, err)
	}
	return errs
}

// parts is a reader that returns a text in parts of certain sizes, and the rest byte by byte.
type parts struct {
	text  string
	sizes []byte
}

func (p *parts) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	size := 1
	if len(p.sizes) > 0 {
		size, p.sizes = int(p.sizes[0]), p.sizes[1:] // a Read may also return nothing
	}
	n := copy(b[:min(size, len(b))], p.text)
	p.text = p.text[n:]
	return n, nil
}

// FuzzList reads the same list as a file and as a stream, in parts of any size.
func FuzzList(f *testing.F) {
	for _, content := range []string{"one\r\ntwo\rthree", "# x\r\n\r\none\n\r", "\ufeff# x\u2028one", "a\r\r\n\nb"} {
		f.Add(content, []byte{1, 2, 0, 200})
	}
	f.Fuzz(func(t *testing.T, content string, sizes []byte) {
		if _, err := Parse("x.txt", strings.NewReader(content), 0); err == nil {
			parseInParts(t, content, &parts{content, sizes[:min(len(sizes), 50)]})
		}
	})
}
