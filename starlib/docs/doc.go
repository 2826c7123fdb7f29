// Package docs is the reference of what scripts can use: read from files in
// Starlark, whose docstrings are the one source of it, and written as text, as
// Markdown and as a Python stub.
//
// The files below reference/ declare what Go implements: a function a "def", a
// value or a module a file, whose docstring lists its attributes. The bundled
// modules are read as they are.
//
// Whoever adds a builtin writes its "def" into reference/builtins.star, with
// the sections Args, Returns, Errors and Example, and types as Python has them;
// an attribute is a line below "Attributes:" in the file of its value. Tests of
// package starlib tell what is missing.
package docs
