// Package diagnose writes errors for the people who write scripts.
//
// An error of Starlark names a place and says what the parser, the resolver or
// the interpreter expected. This package adds what a person needs: the line with
// a caret below the place (Sources.Show), the name that was probably meant
// (OfferNames, Sources.OfferParameter), and what Starlark has in place of what
// Python has (syntaxAdvice).
//
// The package knows texts, places and errors of Starlark. It knows neither how
// scripts are run nor which builtins there are: callers pass the known names.
package diagnose
