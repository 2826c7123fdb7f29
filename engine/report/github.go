package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"mvrun/engine/results"
	"mvrun/validate"
)

// GitHub shows ten annotations of a kind and a step, and drops the others. The last one
// says how many more there are.
const maxAnnotations = 10

// WriteAnnotations prints commands of GitHub's workflows, which show up to ten images
// of each status beside their lines of the list.
func WriteAnnotations(w io.Writer, outcome *results.Outcome, options Options) error {
	out := bufio.NewWriter(w)
	for _, kind := range reported {
		for _, a := range annotationsOf(outcome, kind.status, options) {
			fmt.Fprintln(out, a.command(kind.command))
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing annotations: %w", err)
	}
	return nil
}

// annotationsOf returns what is annotated of the images of one status. What is to be
// known of the run as a whole stands in front of the failures.
func annotationsOf(outcome *results.Outcome, status validate.Status, options Options) []annotation {
	at, n := newPlaces(outcome, options), outcome.Summary.Status[status]
	var all []annotation
	switch status {
	case waived:
		n, options.More = outcome.Summary.Waived, "" // the failed list does not have these
	case validate.Fail:
		if about := notices(outcome); len(about) > 0 {
			all = append(all, annotation{at.ofRun(), verdict(outcome), clean(strings.Join(about, "; "), maxLine)})
			n++
		}
	}
	for result := range withStatus(outcome, status) {
		if len(all) == maxAnnotations {
			break
		}
		title, text := inWords(result.Reason), nameOf(result.Image)+": "+said(result, maxLine)
		if result.Waived != "" {
			title, text = "Waived: "+title, clean(result.Waived, maxLine)+"; "+text
		}
		all = append(all, annotation{at.of(result.Image), title, text})
	}
	if n > maxAnnotations {
		more := fmt.Sprintf("and %d more%s", n-maxAnnotations+1, options.where())
		all = append(all[:maxAnnotations-1], annotation{at.ofRun(), verdict(outcome), more})
	}
	return all
}

// annotation is a message at a place of the checkout.
type annotation struct {
	place       place
	title, text string
}

// command returns the command that makes GitHub show an annotation. A file that the
// checkout cannot have is named in the text instead.
func (a annotation) command(name string) string {
	var properties []string
	text := a.text
	switch {
	case a.place.inside && a.place.isFile:
		properties = append(properties, "file="+inProperty(a.place.path), fmt.Sprintf("line=%d", a.place.line))
	default:
		text = fmt.Sprintf("%s:%d: %s", a.place.path, a.place.line, text)
	}
	properties = append(properties, "title="+inProperty(a.title))
	return fmt.Sprintf("::%s %s::%s", name, strings.Join(properties, ","), inData(text))
}

// inData and inProperty escape a text for a command. The runner undoes the same.
func inData(text string) string { return dataEscapes.Replace(text) }

func inProperty(text string) string { return propertyEscapes.Replace(text) }

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
