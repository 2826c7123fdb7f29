// Package diagnose makes error messages for the people who write scripts.
//
// An error of Starlark names a place, and says what the parser, the resolver or
// the interpreter expected. This package adds more to help a person: the line
// with a caret below the place (Sources.Show), the name that the person probably
// meant (OfferNames, Sources.OfferParameter), and what to write in Starlark
// instead of a feature of Python (syntaxAdvice).
//
// The package knows texts, places and errors of Starlark. It does not know how
// scripts run, nor which builtins exist: callers pass the known names.
package diagnose
