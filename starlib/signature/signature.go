package signature

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/docstring"
	"mvrun/starlib/source"
)

// Signature has a script's docstring and its flags.
type Signature struct {
	Doc   string // the docstring, without its section "Args:"
	Flags []Flag
}

// Flag is a parameter of main. The command line gives its value.
type Flag struct {
	Name     string // the name of the parameter, such as max_failures for --max-failures
	Default  any    // a string, int, float64, bool or []string; "" if Required
	Required bool
	Help     string // the text below "Args:" in the docstring
	Place    string // the place of the parameter: FILE:LINE:COLUMN
}

// Word returns the flag's name on the command line, without "--".
func (f Flag) Word() string { return strings.ReplaceAll(f.Name, "_", "-") }

// String returns the default as the help of the flag shows it.
func (f Flag) String() string {
	switch v := f.Default.(type) {
	case []string:
		return strings.Join(v, ",")
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Taken returns the error for a flag with the same name as one of mvrun's own flags.
func (f Flag) Taken() error {
	return fmt.Errorf("main's parameter %s would be --%s, which is a flag of mvrun: give it another name", f.Name, f.Word())
}

// Of reads a script's signature. If the script cannot be parsed, Of returns an empty
// signature and no error, because running the script will show the mistake.
func Of(script source.Script) (Signature, error) {
	file, err := source.Dialect.Parse(script.Name, script.Source, 0)
	if err != nil {
		return Signature{}, nil
	}
	doc, _ := splitDoc(file.Stmts)
	signature := Signature{Doc: doc}
	main := Main(file)
	if main == nil {
		return signature, nil
	}
	help := Help(file)
	for _, parameter := range main.Params {
		start, _ := parameter.Span()
		flag, err := FlagOf(parameter)
		if err != nil {
			return Signature{}, fmt.Errorf("%s: %w", start, err)
		}
		flag.Place, flag.Help = start.String(), help[flag.Name]
		signature.Flags = append(signature.Flags, flag)
	}
	return signature, nil
}

// Main returns a file's function main, or nil.
func Main(file *syntax.File) *syntax.DefStmt {
	for _, statement := range file.Stmts {
		if def, ok := statement.(*syntax.DefStmt); ok && def.Name.Name == "main" {
			return def
		}
	}
	return nil
}

// Help returns the texts below "Args:" in the docstrings of a file and of its main. The
// keys are the names of parameters.
func Help(file *syntax.File) map[string]string {
	_, help := splitDoc(file.Stmts)
	if main := Main(file); main != nil {
		_, own := splitDoc(main.Body)
		maps.Copy(help, own)
	}
	return help
}

// splitDoc returns the docstring of a file or a function without its section "Args:".
// It also returns the texts of that section, by the names of parameters.
func splitDoc(body []syntax.Stmt) (text string, arguments map[string]string) {
	text, section := docstring.Cut(docstring.Of(body), "Args")
	arguments = map[string]string{}
	for _, item := range docstring.Items(section) {
		arguments[item.Name] = item.Text
	}
	return text, arguments
}

// FlagOf returns the flag for a parameter of main. It leaves out the place and the
// help.
func FlagOf(parameter syntax.Expr) (Flag, error) {
	switch p := parameter.(type) {
	case *syntax.Ident:
		return Flag{Name: p.Name, Default: "", Required: true}, nil
	case *syntax.BinaryExpr:
		name := p.X.(*syntax.Ident).Name
		value, err := literal(p.Y)
		if err != nil {
			return Flag{}, fmt.Errorf("the default of main's parameter %s: %w", name, err)
		}
		return Flag{Name: name, Default: value}, nil
	}
	return Flag{}, errors.New("main takes named parameters only: each is a flag of the script")
}

var (
	errNoLiteral = errors.New("want a string, a number, True, False or a list of strings, written out")
	errNoWords   = errors.New("want a list of strings without commas, which separate them on the command line")
)

// literal returns the value of a default. The default must be a literal, because the
// help shows it without running the script.
func literal(e syntax.Expr) (any, error) {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return literal(e.X)
	case *syntax.Literal:
		return constant(e)
	case *syntax.UnaryExpr:
		return negative(e)
	case *syntax.ListExpr:
		return words(e)
	case *syntax.Ident:
		if e.Name == "True" || e.Name == "False" {
			return e.Name == "True", nil
		}
	}
	return nil, errNoLiteral
}

// constant returns the value of a string or a number.
func constant(l *syntax.Literal) (any, error) {
	switch v := l.Value.(type) {
	case string:
		if l.Token == syntax.BYTES {
			break
		}
		return v, nil
	case int64:
		return int(v), nil
	case float64:
		return v, nil
	}
	return nil, errNoLiteral
}

// negative returns the value of a number with a minus sign.
func negative(e *syntax.UnaryExpr) (any, error) {
	value, err := literal(e.X)
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case int:
		if e.Op == syntax.MINUS {
			return -v, nil
		}
	case float64:
		if e.Op == syntax.MINUS {
			return -v, nil
		}
	}
	return nil, errNoLiteral
}

// words returns the value of a list of strings.
func words(list *syntax.ListExpr) ([]string, error) {
	values := []string{}
	for _, item := range list.List {
		value, err := literal(item)
		s, ok := value.(string)
		if err != nil || !ok || s == "" || strings.Contains(s, ",") {
			return nil, errNoWords
		}
		values = append(values, s)
	}
	return values, nil
}
