// Package docs is the reference of what scripts can use. Read makes a Reference
// from files in Starlark. Text, Markdown and Stub write it for a terminal, for a
// web page and, as a Python stub, for editors.
//
// Each fact has one source. The files below reference/ declare what Go
// implements: a function is a "def", and a value or a module is a file whose
// docstring lists its attributes. The bundled modules, written in Starlark,
// describe themselves. Topics are plain text.
//
// Whoever adds a builtin writes its "def" into reference/builtins.star, with the
// sections Args, Returns, Errors and Example, and with types as Python writes
// them. An attribute is a line below "Attributes:" in the file of its value. The
// tests of this package compare the reference with the running builtins, and tell
// what is missing.
package docs
