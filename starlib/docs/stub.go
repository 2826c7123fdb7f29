package docs

import (
	"fmt"
	"strings"
)

const stubHead = `"""The names that scripts of mvrun can use, for editors. See "mvrun docs stubs".

Written by "mvrun docs --stubs".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
R = TypeVar("R")
`

// stubTail declares functions of Starlark that are neither in Python nor in the
// reference.
const stubTail = `
def fail(*args: Any, sep: str = " ") -> NoReturn: ...
def load(module: str, *names: str, **renamed: str) -> None: ...
`

// Stub returns the whole reference as a Python stub. Editors read names and types from
// it.
// https://typing.readthedocs.io/en/latest/spec/distributing.html#stub-files
func (r Reference) Stub() string {
	var b strings.Builder
	b.WriteString(stubHead)
	for _, e := range r.ofKind(Value) {
		b.WriteString("\n" + e.class(ClassName(e.Name)))
	}
	for _, e := range r.ofKind(Module) {
		if e.Name == "assert" {
			continue // assert is a keyword of Python, so a stub cannot declare it
		}
		class := ClassName(e.Name) + "Module"
		fmt.Fprintf(&b, "\n%s\n%s: %s\n", e.class(class), e.Name, class)
	}
	for _, e := range append(r.ofKind(Builtin), r.ofKind(Testing)...) {
		b.WriteString("\n" + e.def(false))
	}
	for _, e := range r.ofKind(Bundled) {
		fmt.Fprintf(&b, "\n# %s\n", e.Name)
		for _, m := range e.Members {
			b.WriteString("\n" + m.def(false))
		}
	}
	b.WriteString(stubTail)
	return b.String()
}

// class returns the declaration of a class for a value or a module.
func (e *Entry) class(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "class %s:\n%s", name, indented(quoted(e.Doc), "    "))
	for _, m := range e.Members {
		if m.Kind == Attribute {
			fmt.Fprintf(&b, "    %s: %s\n%s", m.short(), m.Type, indented(quoted(m.Doc), "    "))
		} else {
			b.WriteString("\n" + indented(m.def(true), "    "))
		}
	}
	return b.String()
}

// def returns the declaration of a function, or of a method.
func (e *Entry) def(method bool) string {
	var params []string
	if method {
		params = append(params, "self")
	}
	for _, p := range e.Params {
		param := p.Name
		if p.Type != "" {
			param += ": " + p.Type
		}
		if p.Default != "" {
			param += " = " + p.pythonDefault()
		}
		params = append(params, param)
	}
	result := e.Type
	if result == "" {
		result = "None"
	}
	return fmt.Sprintf("def %s(%s) -> %s:\n%s    ...\n", e.short(), strings.Join(params, ", "), result, indented(quoted(e.Doc), "    "))
}

// pythonDefault returns a default as Python writes it. It returns "..." for a default
// that Python cannot express, such as a flag.
func (p Param) pythonDefault() string {
	if p.shownDefault() != p.Default || strings.ContainsAny(p.Default, ".") || p.unset() {
		return "..."
	}
	return p.Default
}

// quoted returns a docstring with its quotes.
func quoted(doc string) string {
	doc = strings.ReplaceAll(strings.ReplaceAll(doc, `\`, `\\`), `"""`, `\"\"\"`)
	switch {
	case strings.Contains(doc, "\n"):
		doc += "\n"
	case strings.HasSuffix(doc, `"`): // without a backslash it would count as one of the closing quotes
		doc = strings.TrimSuffix(doc, `"`) + `\"`
	}
	return `"""` + doc + `"""`
}
