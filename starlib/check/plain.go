package check

import (
	"errors"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"go.starlark.net/syntax"

	"mvrun/starlib/source"
)

// plain is the text of a script as buildtools can read it. buildtools knows only
// spaces and newlines, so spaces stand for the tabs that indent a line, and a
// newline for each end of a line.
type plain struct {
	source string
	lines  []string    // of source
	shift  map[int]int // by how many characters the text of a line stands further right
}

// maxNesting is the greatest depth of a tree that buildtools gets. Its time grows
// with the square of the depth.
const maxNesting = 1000

var errNested = errors.New("an expression is nested too deep: give parts of it names")

// newPlain returns the plain text of a script.
func newPlain(script source.Script, tree *syntax.File) (*plain, error) {
	if depthOf(tree) > maxNesting {
		return nil, errNested
	}
	inString := stringLines(tree)
	p := &plain{shift: map[int]int{}}
	for i, line := range strings.Split(newlines.Replace(script.Source), "\n") {
		if number := i + 1; !inString[number] {
			indented := expandIndent(line)
			if indented != line {
				p.shift[number] = len(indented) - len(line)
			}
			line = indented
		}
		p.lines = append(p.lines, line)
	}
	p.source = strings.Join(p.lines, "\n")
	return p, nil
}

// newlines replaces all ends of lines that Starlark knows by a newline.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// depthOf returns the depth of a syntax tree.
func depthOf(tree *syntax.File) int {
	depth, deepest := 0, 0
	syntax.Walk(tree, func(n syntax.Node) bool {
		if n == nil { // the end of a node
			depth--
			return true
		}
		depth++
		deepest = max(deepest, depth)
		return true
	})
	return deepest
}

// stringLines returns the numbers of the lines that begin inside a string. Tabs
// there are part of the string. A docstring does not count, because its
// indentation is layout.
func stringLines(tree *syntax.File) map[int]bool {
	lines := map[int]bool{}
	docs := docstrings(tree)
	syntax.Walk(tree, func(n syntax.Node) bool {
		if l, ok := n.(*syntax.Literal); ok && l.Token == syntax.STRING && !docs[l] {
			for i := range strings.Count(l.Raw, "\n") {
				lines[int(l.TokenPos.Line)+i+1] = true
			}
		}
		return true
	})
	return lines
}

// tabWidth is the width of a tab in Starlark.
const tabWidth = 8

// expandIndent returns a line with spaces for the tabs that it begins with.
func expandIndent(line string) string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	if !strings.Contains(indent, "\t") {
		return line
	}
	width := 0
	for _, r := range indent {
		width++
		if r == '\t' {
			width = (width + tabWidth - 1) / tabWidth * tabWidth
		}
	}
	return strings.Repeat(" ", width) + line[len(indent):]
}

// position returns the place in the script of a place in the plain text.
func (p *plain) position(at build.Position) syntax.Position {
	line := min(at.Line, len(p.lines)) // the end of the file may lie one line below
	column := max(1, at.LineRune-p.shift[line])
	return syntax.MakePosition(nil, int32(line), int32(column))
}

// indent returns the number of spaces that a line begins with.
func (p *plain) indent(line int) int {
	text := p.lines[min(line, len(p.lines))-1]
	return len(text) - len(strings.TrimLeft(text, " "))
}

// docstrings returns the docstrings of a file and of its functions.
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
