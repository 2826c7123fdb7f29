package webpage

import (
	"encoding/json"
	"slices"
	"strings"

	"mvrun/engine/imagelist"
)

// field is a field of the table in JSON.
type field struct {
	name  string
	value any
}

// columnNames are the columns of numbers.
var columnNames = []string{"list", "number", "lineNumber", "part", "name", "tag", "sourceTag", "template", "status", "reason", "match", "terms",
	"message", "servedBy", "attempts", "requests", "started", "duration", "shape"}

// rising are the columns in which a number is usually a little greater than the one
// before it. The page has the differences.
var rising = []string{"number", "lineNumber", "name", "tag", "sourceTag", "started"}

// columnOf returns a column as the page has it. A column of equal numbers is one number.
func columnOf(name string, column []int) any {
	if len(column) == 0 {
		return 0
	}
	if !slices.ContainsFunc(column, func(n int) bool { return n != column[0] }) {
		return column[0]
	}
	if !slices.Contains(rising, name) {
		return column
	}
	differences := make([]int, len(column))
	before := 0
	for i, n := range column {
		differences[i], before = n-before, n
	}
	return differences
}

// dictionary gives numbers to words in the order in which they come.
type dictionary struct {
	places map[string]int
	words  []string
}

// at returns the number of a word, or of several words that stand together.
func (d *dictionary) at(words ...string) int {
	key := words[0]
	if len(words) > 1 {
		key = strings.Join(words, "\x00")
	}
	place, ok := d.places[key]
	if !ok {
		if d.places == nil {
			d.places = map[string]int{}
		}
		place = len(d.places)
		d.places[key] = place
		d.words = append(d.words, words...)
	}
	return place
}

// rawJSON returns texts that are JSON already.
func rawJSON(texts []string) []json.RawMessage {
	all := make([]json.RawMessage, len(texts))
	for i, text := range texts {
		all[i] = json.RawMessage(text)
	}
	return all
}

// Signs that stand in an abbreviated line for what the row has in other columns.
const (
	signSource          = "\x01"
	signDestination     = "\x02"
	signTag             = "\x03"
	signSourcePath      = "\x04" // without the registry
	signLibrary         = "\x05" // without the registry and "library/"
	signDestinationPath = "\x06"
	signVerbatim        = "\x07" // at the beginning: the rest of the line has no signs
)

// abbreviate returns a line of a list with signs in place of names. Nearly all lines of
// a list are equal then. expandLine in data.js returns the line.
func abbreviate(line string, i *imagelist.Image) string {
	if strings.ContainsAny(line, "\x01\x02\x03\x04\x05\x06\x07") || i.Source == "" && i.Destination == "" || visible(i.Source+i.Destination+i.Tag) != i.Source+i.Destination+i.Tag {
		return signVerbatim + line
	}
	var all strings.Builder
	for len(line) > 0 {
		end := strings.IndexAny(line, " \t")
		switch {
		case end == 0:
			all.WriteByte(line[0])
			line = line[1:]
			continue
		case end < 0:
			end = len(line)
		}
		all.WriteString(abbreviateWord(line[:end], i))
		line = line[end:]
	}
	return all.String()
}

// abbreviateWord returns the signs for a word of a line, or the word.
func abbreviateWord(word string, i *imagelist.Image) string {
	if word == i.Tag {
		return signTag
	}
	name, tag := word, ""
	if before, ok := strings.CutSuffix(word, ":"+i.Tag); ok && i.Tag != "" {
		name, tag = before, ":"+signTag
	}
	_, sourcePath, _ := strings.Cut(i.Source, "/")
	_, destinationPath, _ := strings.Cut(i.Destination, "/")
	switch name {
	case "":
		return word
	case i.Source:
		return signSource + tag
	case i.Destination:
		return signDestination + tag
	case sourcePath:
		return signSourcePath + tag
	case strings.TrimPrefix(sourcePath, "library/"):
		return signLibrary + tag
	case destinationPath:
		return signDestinationPath + tag
	}
	return word
}
