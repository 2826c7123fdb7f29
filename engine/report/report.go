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

	// Root is the folder of the checkout, to which code reviews want the paths of lists
	// relative. Folder is the folder to which the names of lists are relative. Both are
	// absolute and free of links. Where Root is "", it is Folder.
	Root, Folder string

	// More says where a reader finds the images that a report has no room for, such as
	// "in failed.txt". It may be "".
	More string
}

// where ends a sentence about images that a report has no room for.
func (o Options) where() string {
	if o.More == "" {
		return ""
	}
	return ", " + clean(o.More, maxCell)
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
	{".md", "a page for people, in Markdown", writeMarkdown},
	{".sarif", "alerts, for code scanning", writeSARIF},
	{".csv", "a table of all images, for spreadsheets", writeCSV},
	{".xml", "JUnit, for CI servers", writeJUnit},
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
