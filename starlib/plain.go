package starlib

import (
	"errors"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/source"
)

// A script as buildtools can read it: it knows neither tabs nor all line ends.

// plain is a script's text with spaces for the tabs that indent it, and a
// newline for each end of a line.
type plain struct {
	source string
	lines  []string    // of source
	shift  map[int]int // how many characters further right a line's text stands
}

// maxNesting is how deep a tree may be for buildtools, whose time grows with
// its square.
const maxNesting = 1000

var errNested = errors.New("an expression is nested too deep: give parts of it names")

// newPlain returns the plain text of a script. What is inside a string stays
// as it is, but for docstrings.
func newPlain(script source.Script, tree *syntax.File) (*plain, error) {
	depth, nested := 0, false
	literal := map[int]bool{} // lines that begin inside a string
	docs := docstrings(tree)
	syntax.Walk(tree, func(n syntax.Node) bool {
		if n == nil {
			depth--
			return true
		}
		if l, ok := n.(*syntax.Literal); ok && l.Token == syntax.STRING && !docs[l] {
			for i := range strings.Count(l.Raw, "\n") {
				literal[int(l.TokenPos.Line)+i+1] = true
			}
		}
		depth++
		nested = nested || depth > maxNesting
		return true
	})
	if nested {
		return nil, errNested
	}
	p := &plain{shift: map[int]int{}}
	for i, line := range strings.Split(newlines.Replace(script.Source), "\n") {
		if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") && !literal[i+1] {
			width := 0
			for _, r := range indent {
				width++
				if r == '\t' {
					width = (width + tab - 1) / tab * tab
				}
			}
			p.shift[i+1] = width - len(indent)
			line = strings.Repeat(" ", width) + line[len(indent):]
		}
		p.lines = append(p.lines, line)
	}
	p.source = strings.Join(p.lines, "\n")
	return p, nil
}

// tab is as wide as the language has it.
const tab = 8

// newlines are how lines may end.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// docstrings are those of a file and its functions.
func docstrings(tree *syntax.File) map[*syntax.Literal]bool {
	all := map[*syntax.Literal]bool{}
	note := func(body []syntax.Stmt) {
		if len(body) == 0 {
			return
		}
		if statement, ok := body[0].(*syntax.ExprStmt); ok {
			if l, ok := statement.X.(*syntax.Literal); ok {
				all[l] = true
			}
		}
	}
	note(tree.Stmts)
	syntax.Walk(tree, func(n syntax.Node) bool {
		if def, ok := n.(*syntax.DefStmt); ok {
			note(def.Body)
		}
		return true
	})
	return all
}
