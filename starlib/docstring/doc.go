// Package docstring reads docstrings that have the layout of Google's style for
// Python: a text, and sections such as "Args:" whose lines are indented. The help of
// a script's flags comes from such docstrings, and so does the reference.
//
// https://google.github.io/styleguide/pyguide.html#383-functions-and-methods
package docstring
