package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mvrun/engine"
	"mvrun/engine/imagelist"
)

// How many bytes of foreign texts the formats show. A registry may answer with megabytes.
const (
	maxText = 8 << 10 // where a text stands alone
	maxCell = 500     // in a row of a table
	maxLine = 2 << 10 // of a line of a list
)

// clean returns a foreign text on one line, cut after most bytes. What does not print
// becomes a space: line feeds, escapes of terminals, characters that turn the direction
// of writing. The result is valid UTF-8.
func clean(text string, most int) string {
	cut := ""
	if len(text) > most {
		end := most
		for end > most-utf8.UTFMax && !utf8.RuneStart(text[end]) {
			end--
		}
		text, cut = text[:end], "…"
	}
	return strings.Map(printable, text) + cut
}

// printable returns a character, or a space in place of one that does not print.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// lineOf returns the line of an image as a report shows it. People write passwords into
// lists, and a cut must not hide the end by which a password is known.
func lineOf(image *imagelist.Image) string {
	line := strings.TrimSpace(image.Line)
	return clean(imagelist.HideLogin(line[:min(len(line), 16*maxLine)]), maxLine)
}

// sourceOf returns the image at the source, "" if there is none.
func sourceOf(image *imagelist.Image) string { return clean(image.SourceReference(), maxLine) }

// destinationOf returns the image at the destination, "" if the line is no image.
func destinationOf(image *imagelist.Image) string {
	if image.Destination == "" {
		return ""
	}
	return clean(image.DestinationReference(), maxLine)
}

// nameOf names an image in a sentence: its destination, or the line that is no image.
func nameOf(image *imagelist.Image) string {
	if image.Destination == "" {
		return clean(lineOf(image), 80)
	}
	return destinationOf(image)
}

// said returns what the run says of an image: the message of the comparison, and why a
// script rejects the image.
func said(r *engine.Result, most int) string {
	text := r.Message
	if r.Rejected != "" && !strings.Contains(text, r.Rejected) {
		text = "rejected: " + r.Rejected + "; " + text
	}
	return clean(text, most)
}
