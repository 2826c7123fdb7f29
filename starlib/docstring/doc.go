// Package docstring reads docstrings in the layout of Google's style for Python: a
// text, and sections such as "Args:" with indented lines. The help of a script's
// flags and the reference come from such docstrings.
//
// https://google.github.io/styleguide/pyguide.html#383-functions-and-methods
package docstring
