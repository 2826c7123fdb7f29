package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"mvrun/engine/results"
	"mvrun/validate"
)

// Options are what a report says beside the outcome.
type Options struct {
	// Advice says for each reason what a reader can do, in a few words.
	Advice map[validate.Reason]string
}

// Format is a kind of report.
type Format struct {
	Ending string // of the name of a file, such as ".html"
	About  string // what it is for, in a few words
	Write  func(w io.Writer, outcome *results.Outcome, options Options) error
}

// Formats are the kinds of reports that a file can have.
var Formats = []Format{
	{".html", "one page for people, which needs nothing beside it", writeHTML},
	{".json", "the counts, for programs", writeJSON},
}

// ForFile returns the format that the ending of a file's name asks for. Capitals in the
// ending mean nothing.
func ForFile(path string) (Format, error) {
	ending := strings.ToLower(filepath.Ext(path))
	at := slices.IndexFunc(Formats, func(f Format) bool { return f.Ending == ending })
	if at < 0 {
		endings := make([]string, len(Formats))
		for i, f := range Formats {
			endings[i] = f.Ending
		}
		return Format{}, fmt.Errorf("the name of a report says its format: want one that ends in %s", strings.Join(endings, ", "))
	}
	return Formats[at], nil
}
