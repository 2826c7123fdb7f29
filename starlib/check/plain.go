package check

import (
	"errors"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"go.starlark.net/syntax"

	"mvrun/starlib/source"
)

// plainText is a script in a form that the package buildtools can read. buildtools
// does not know tabs and "\r", so spaces replace the tabs that indent a line, and
// "\n" replaces every other end of a line.
type plainText struct {
	source string
	lines  []string    // the lines of source
	shift  map[int]int // by line number: how many characters the line became longer
}

// maxNesting is the greatest depth of a syntax tree that is given to buildtools.
// The time that buildtools needs grows with the square of the depth.
const maxNesting = 1000

var errNested = errors.New("an expression is nested too deep: give parts of it names")

// newPlainText returns the plain text of a script.
func newPlainText(script source.Script, tree *syntax.File) (*plainText, error) {
	if depthOf(tree) > maxNesting {
		return nil, errNested
	}
	inString := stringLines(tree)
	p := &plainText{shift: map[int]int{}}
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

// newlines replaces "\r\n" and "\r", which also end a line in Starlark, with "\n".
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

// stringLines returns the numbers of the lines that begin inside a string. The
// tabs at the beginning of such a line belong to the string and must stay.
// Docstrings do not count: their tabs are only indentation.
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

// expandIndent returns a line with spaces in place of the tabs at its beginning.
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

// position returns the position in the script for a position in the plain text.
func (p *plainText) position(at build.Position) syntax.Position {
	line := min(at.Line, len(p.lines)) // buildtools may put the end of the file one line below the last one
	column := max(1, at.LineRune-p.shift[line])
	return syntax.MakePosition(nil, int32(line), int32(column))
}

// indent returns the number of spaces at the beginning of a line.
func (p *plainText) indent(line int) int {
	text := p.lines[min(line, len(p.lines))-1]
	return len(text) - len(strings.TrimLeft(text, " "))
}

// docstrings returns the docstrings of a file and of its functions.
func docstrings(tree *syntax.File) map[*syntax.Literal]bool {
	all := map[*syntax.Literal]bool{}
	add := func(body []syntax.Stmt) {
		if len(body) == 0 {
			return
		}
		if statement, ok := body[0].(*syntax.ExprStmt); ok {
			if l, ok := statement.X.(*syntax.Literal); ok {
				all[l] = true
			}
		}
	}
	add(tree.Stmts)
	syntax.Walk(tree, func(n syntax.Node) bool {
		if def, ok := n.(*syntax.DefStmt); ok {
			add(def.Body)
		}
		return true
	})
	return all
}
