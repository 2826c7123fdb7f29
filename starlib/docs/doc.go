// Package docs is the reference of everything that scripts can use. Read makes a
// Reference from Starlark files. Text writes it for a terminal, Markdown for a web
// page, and Stub as a Python stub for editors.
//
// Each fact stands in one place. The files below reference/ describe what Go
// implements. A function is a "def". A value or a module is a file whose docstring
// lists its attributes. The bundled modules, which are written in Starlark, have
// their own docstrings. Topics are plain text.
//
// If you add a builtin, write its "def" into reference/builtins.star, with the
// sections Args, Returns, Errors and Example. Write types as in Python. If you add
// an attribute, write a line below "Attributes:" in the file of its value. The tests
// of this package compare the reference with the running builtins, and say what is
// missing.
package docs
