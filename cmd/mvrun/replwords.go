package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"mvrun/starlib/docs"
	"mvrun/starlib/source"
)

// sessionWord matches a line of a session that is no Starlark, but a word to mvrun. People
// who know Python write it as a call.
//
//	help
//	help validate
//	help(validate)
//	quit()
var sessionWord = regexp.MustCompile(`^(?:(quit|exit)(?:\(\))?|help(?:\(\))?|help(?: +|\()["']?([\w.@/]+)["']?\)?)$`)

// readLine reads a line of Starlark. It executes the words to mvrun that come before it.
func (p *prompt) readLine(ctx context.Context, more bool) (string, error) {
	for {
		line, err := p.lines.Read(ctx, more)
		if err != nil || more {
			return line, err
		}
		word := sessionWord.FindStringSubmatch(strings.TrimSpace(line))
		switch {
		case word == nil:
			return line, nil
		case word[1] != "":
			return "", io.EOF
		case word[2] == "":
			_, err = fmt.Fprintln(p.Stdout, (&replCommand{}).Help())
		default:
			err = explainName(p.Stdout, word[2])
		}
		if err != nil {
			return "", err
		}
	}
}

// explainName writes the entries of the reference for a name, as mvrun docs does.
func explainName(w io.Writer, name string) error {
	reference, err := docs.Read(source.Modules())
	if err != nil {
		return err
	}
	entries, err := reference.Lookup(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, docs.Text(entries))
	return err
}
