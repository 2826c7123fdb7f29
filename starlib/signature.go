package starlib

import (
	"fmt"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib/docstring"
	"mvrun/starlib/source"
)

// A script's own flags: the parameters of its main.

// Signature is what a script says of itself, read without running it.
type Signature struct {
	Doc   string // the docstring, without its Args
	Flags []Flag
}

// Flag is a parameter of main that the command line sets.
type Flag struct {
	Name     string // of the parameter: max_failures is --max-failures
	Default  any    // string, int, float64, bool or []string; "" if Required
	Required bool
	Help     string // from the docstring's Args
	Place    string // of the parameter: FILE:LINE:COLUMN
}

// Word is the flag's name on the command line, without the dashes.
func (f Flag) Word() string { return strings.ReplaceAll(f.Name, "_", "-") }

// Taken is the error of a flag that the command itself has.
func (f Flag) Taken() error {
	return fmt.Errorf("main's parameter %s would be --%s, which is a flag of mvrun: give it another name", f.Name, f.Word())
}

// Describe reads a script's signature. A script that cannot be parsed has
// none: the error is Run's to tell.
func Describe(script source.Script) (Signature, error) {
	file, err := source.Dialect.Parse(script.Name, script.Source, 0)
	if err != nil {
		return Signature{}, nil
	}
	doc, arguments := splitDoc(docstring.Of(file.Stmts))
	signature := Signature{Doc: doc}
	for _, statement := range file.Stmts {
		main, ok := statement.(*syntax.DefStmt)
		if !ok || main.Name.Name != "main" {
			continue
		}
		_, own := splitDoc(docstring.Of(main.Body))
		for _, parameter := range main.Params {
			start, _ := parameter.Span()
			flag, err := describeFlag(parameter)
			if err != nil {
				return Signature{}, fmt.Errorf("%s: %w", start, err)
			}
			flag.Place = start.String()
			flag.Help = arguments[flag.Name]
			if help, ok := own[flag.Name]; ok {
				flag.Help = help
			}
			signature.Flags = append(signature.Flags, flag)
		}
	}
	return signature, nil
}

func describeFlag(parameter syntax.Expr) (Flag, error) {
	switch p := parameter.(type) {
	case *syntax.Ident:
		return Flag{Name: p.Name, Default: "", Required: true}, nil
	case *syntax.BinaryExpr:
		value, err := literal(p.Y)
		if err != nil {
			return Flag{}, fmt.Errorf("the default of main's parameter %s: %w", p.X.(*syntax.Ident).Name, err)
		}
		return Flag{Name: p.X.(*syntax.Ident).Name, Default: value}, nil
	}
	return Flag{}, fmt.Errorf("main takes named parameters only: each is a flag of the script")
}

// literal is the value of a default. It must not need the script to run, since
// --help shows it.
func literal(e syntax.Expr) (any, error) {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return literal(e.X)
	case *syntax.Literal:
		if e.Token == syntax.BYTES {
			break
		}
		switch v := e.Value.(type) {
		case string:
			return v, nil
		case int64:
			return int(v), nil
		case float64:
			return v, nil
		}
	case *syntax.UnaryExpr:
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
	case *syntax.Ident:
		switch e.Name {
		case "True", "False":
			return e.Name == "True", nil
		}
	case *syntax.ListExpr:
		values := []string{}
		for _, item := range e.List {
			value, err := literal(item)
			s, ok := value.(string)
			if err != nil || !ok || s == "" || strings.Contains(s, ",") {
				return nil, fmt.Errorf("want a list of strings without commas, which separate them on the command line")
			}
			values = append(values, s)
		}
		return values, nil
	}
	return nil, fmt.Errorf("want a string, a number, True, False or a list of strings, written out")
}

// splitDoc takes the arguments out of a docstring.
func splitDoc(doc string) (text string, arguments map[string]string) {
	text, body := docstring.Cut(doc, "Args")
	arguments = map[string]string{}
	for _, item := range docstring.Items(body) {
		arguments[item.Name] = item.Text
	}
	return text, arguments
}

// toStarlark turns a flag's value into the script's.
func toStarlark(value any) (starlark.Value, error) {
	switch v := value.(type) {
	case string:
		return starlark.String(v), nil
	case int:
		return starlark.MakeInt(v), nil
	case float64:
		return starlark.Float(v), nil
	case bool:
		return starlark.Bool(v), nil
	case []string:
		items := make([]starlark.Value, len(v))
		for i, s := range v {
			items[i] = starlark.String(s)
		}
		return starlark.NewList(items), nil
	}
	return nil, fmt.Errorf("a flag of type %T", value)
}

// String writes the default as a flag's help shows it.
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
