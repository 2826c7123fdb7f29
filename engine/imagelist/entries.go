package imagelist

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// This file makes lists of files that other tools read, such as regsync.yml. A Reader
// finds the entries of such a file. Each entry has one number, and becomes one Line for
// each of its tags.

// MaxContent is how many bytes a file or a stream may have that a Reader reads: it is
// held in memory as a whole. The largest known file of this kind has 1 MB.
const MaxContent = 16 << 20

// Reader reads files that are no lists of lines.
type Reader struct {
	// Begins reports whether a line, the first one that is neither blank nor a comment,
	// can begin a file that Read reads. If it does not, the list has lines. Begins may
	// be nil: then Read reads every file.
	Begins func(line string) bool
	Read   func(content string) (*Entries, error)
}

// Entries are what a Reader found.
type Entries struct {
	Format   string // what the file was recognised as
	Entries  []Entry
	Warnings []Warning // of what the file says that is not read, and may change verdicts

	// BelowDestination says that destinations are paths at the registry of
	// Options.Destination, without which nobody knows where the images are.
	BelowDestination bool
}

// Warning is something that a file says and that is not read.
type Warning struct {
	LineNumber int // of the first place
	Message    string
}

// Entry is one entry of a file.
type Entry struct {
	LineNumber  int    // of the file
	Source      string // [REGISTRY/]PATH[:TAG][@DIGEST]
	Destination string // the same; "" means the path and tag of the source, at the registry of Options.Destination
	Tags        []string
	// Choose chooses among the tags of the source, and returns an error if it chooses
	// none. It is nil unless the file has a filter in place of tags.
	Choose func(tags []string) ([]string, error)
	Err    error // why the entry is no image; nil if it is one
}

// wordPattern are the characters of images. A word of a file with other ones is never
// read as an image.
var wordPattern = regexp.MustCompile(`^[A-Za-z0-9_./:@\[\]-]+$`)

// text returns the entry with one of its tags, or with "", as a line of a list. If the
// entry is no image, its words are quoted: in a failed list, too, the line must be none.
func (e *Entry) text(tag string) string {
	words := []string{withTag(e.Source, tag)}
	if e.Destination != "" {
		words = append(words, withTag(e.Destination, tag))
	}
	for i, word := range words {
		if e.Err != nil || !wordPattern.MatchString(word) {
			words[i] = strconv.Quote(word)
		}
	}
	return strings.Join(words, " ")
}

// check returns an error if a word of the entry has characters that no image has.
func (e *Entry) check() error {
	for _, word := range []string{e.Source, e.Destination} {
		if word == "" || wordPattern.MatchString(word) {
			continue
		}
		if message := templateMistake(word, nil); message != "" {
			return fmt.Errorf("%s: %s", quote(word), message)
		}
		return fmt.Errorf("%s is no image: it has characters that no image has", quote(word))
	}
	return nil
}

// withTag returns a repository with a tag or digest.
func withTag(word, tag string) string {
	switch {
	case tag == "":
		return word
	case IsDigest(tag):
		return word + "@" + tag
	}
	return word + ":" + tag
}

// Part returns which image of its entry a line is, counted from 0. It is 0 for a line
// of a list of lines.
func (l *List) Part(line Line) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.parts[line]
}

// CountNumbers returns how many lines or entries the lines of a list are of.
func CountNumbers(lines []Line) int {
	n, last := 0, 0
	for _, line := range lines {
		if line.Number != last {
			n, last = n+1, line.Number
		}
	}
	return n
}

// entryImage makes an image of a line that stands for an entry.
func (l *List) entryImage(line Line, o Options) (Image, error) {
	l.mu.Lock()
	bad, below := l.unread[line.Number], l.entries.BelowDestination
	l.mu.Unlock()
	if bad != nil {
		return Image{}, bad.err
	}
	return readEntry(line.Text, below, o)
}

// readEntry makes an image of the words of an entry. below says that the destination is
// a path at the registry of the options.
func readEntry(text string, below bool, o Options) (Image, error) {
	if below && o.Destination == "" {
		return Image{}, errNoDestination(o.Hints)
	}
	words := strings.Fields(text)
	for _, word := range words {
		if !wordPattern.MatchString(word) {
			return Image{}, fmt.Errorf("%s is no image: it has characters that no image has", quote(word))
		}
	}
	if len(words) == 1 {
		return parseWord(words[0], o)
	}
	return NewPair(words[0], words[1], o)
}

// WrittenLine returns the line that stands for a line in a failed list: its text, or the
// image of an entry.
func (l *List) WrittenLine(line Line, o Options) string {
	if !l.isOfEntries() {
		return line.Text
	}
	image, _ := l.Image(line, o) // which has its Line also if it is no image
	return image.Line
}

// pairLine returns the line that stands for an image of an entry. mvrun reads it as the
// same image, whatever file the entry is of.
func (i Image) pairLine() string {
	if i.Source == "" {
		return i.DestinationReference()
	}
	return i.SourceReference() + " " + i.DestinationReference()
}
