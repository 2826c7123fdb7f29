package docs

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/docstring"
)

//go:embed reference
var reference embed.FS

// topics are the pages that explain more than one name, in the order in which a
// newcomer should read them.
var topics = []string{"script", "load", "starlark", "lists", "rules", "depth", "reasons", "log", "exit", "results", "resume", "reports", "shards", "ci", "registries", "testing", "stubs"}

// Read returns the reference. modules has the files of the bundled modules. The
// name of such a module is the prefix and the name of its file.
func Read(modules fs.FS, prefix string) (Reference, error) {
	var r Reference
	for _, topic := range topics {
		text, err := reference.ReadFile("reference/topics/" + topic + ".txt")
		if err != nil {
			return nil, err
		}
		summary, _, _ := strings.Cut(string(text), "\n")
		r = append(r, &Entry{Kind: Topic, Name: topic, Summary: summary, Text: string(text)})
	}
	for _, file := range []struct {
		name string
		kind Kind
	}{{"builtins", Builtin}, {"testing", Testing}, {"language", Language}} {
		page, err := readPage(reference, "reference/"+file.name+".star", file.kind, "")
		if err != nil {
			return nil, err
		}
		for _, e := range page.Members {
			e.Kind = file.kind
		}
		r = append(r, page.Members...)
	}
	for _, folder := range []struct {
		files fs.FS
		path  string
		kind  Kind
	}{{reference, "reference/modules", Module}, {reference, "reference/values", Value}, {modules, ".", Bundled}} {
		files, err := fs.Glob(folder.files, path.Join(folder.path, "*.star"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name := strings.TrimSuffix(path.Base(file), ".star")
			if folder.kind == Bundled {
				name = prefix + path.Base(file)
			}
			page, err := readPage(folder.files, file, folder.kind, name)
			if err != nil {
				return nil, err
			}
			r = append(r, page)
		}
	}
	return r, nil
}

// readPage returns the entry of a file. The members of the entry are the functions
// of the file, and the attributes in its docstring.
func readPage(files fs.FS, file string, kind Kind, name string) (*Entry, error) {
	source, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	parsed, err := (&syntax.FileOptions{}).Parse(file, source, 0)
	if err != nil {
		return nil, err
	}
	page := newEntry(kind, name, docstring.Of(parsed.Stmts))
	prefix := name + "."
	if kind == Builtin || kind == Testing || kind == Language || kind == Bundled {
		prefix = "" // scripts use these functions without the name of a module
	}
	_, attributes := docstring.Cut(page.Doc, "Attributes")
	for _, a := range docstring.Items(attributes) {
		page.Members = append(page.Members, &Entry{Kind: Attribute, Name: prefix + a.Name, Summary: a.Text, Text: a.Text, Doc: a.Text, Type: a.Type})
	}
	for _, statement := range parsed.Stmts {
		def, ok := statement.(*syntax.DefStmt)
		if !ok || strings.HasPrefix(def.Name.Name, "_") && !strings.HasPrefix(def.Name.Name, "__") {
			continue
		}
		function := newEntry(Function, prefix+def.Name.Name, docstring.Of(def.Body))
		if err := function.readParams(def, source); err != nil {
			return nil, err
		}
		if kind == Bundled {
			function.From = name
		}
		page.Members = append(page.Members, function)
	}
	return page, nil
}

// newEntry makes an entry from a docstring.
func newEntry(kind Kind, name, doc string) *Entry {
	e := &Entry{Kind: kind, Name: name, Doc: docstring.Clean(doc)}
	text := e.Doc
	for _, section := range []string{"Args", "Attributes"} {
		text, _ = docstring.Cut(text, section)
	}
	text, e.Return = docstring.Cut(text, "Returns")
	text, e.Errors = docstring.Cut(text, "Errors")
	text, e.Example = docstring.Cut(text, "Example")
	if found, rest, ok := strings.Cut(e.Return, ": "); ok && CheckType(found) == nil {
		e.Type, e.Return = found, rest
	}
	e.Text = text
	e.Summary, _, _ = strings.Cut(text, "\n")
	return e
}

// readParams adds the parameters of a function. Their names and defaults are in
// the def, their types and texts in the docstring.
func (e *Entry) readParams(def *syntax.DefStmt, source []byte) error {
	_, body := docstring.Cut(e.Doc, "Args")
	items := docstring.Items(body)
	for _, p := range def.Params {
		param := Param{}
		switch p := p.(type) {
		case *syntax.Ident:
			param.Name = p.Name
		case *syntax.BinaryExpr:
			param.Name, param.Default = p.X.(*syntax.Ident).Name, expressionText(p.Y, source)
		case *syntax.UnaryExpr:
			param.Name = p.Op.String()
			if name, ok := p.X.(*syntax.Ident); ok {
				param.Name += name.Name
			}
		}
		if i := slices.IndexFunc(items, func(item docstring.Item) bool { return item.Name == param.Name }); i >= 0 {
			param.Type, param.Text = items[i].Type, items[i].Text
			items = slices.Delete(items, i, i+1)
		}
		e.Params = append(e.Params, param)
	}
	if len(items) > 0 {
		return fmt.Errorf("%s: the docstring of %s has an argument %s, which the function has not", def.Def, e.Name, items[0].Name)
	}
	return nil
}

// expressionText returns the text of an expression in a file, or "…" if it has
// several lines.
func expressionText(e syntax.Expr, source []byte) string {
	start, end := e.Span()
	line := []rune(strings.Split(string(source), "\n")[start.Line-1])
	if start.Line != end.Line {
		return "…"
	}
	return string(line[start.Col-1 : end.Col-1])
}
