// Package re is the module re of scripts. Its functions have the names and arguments
// of Python's module re, but use Go's regular expressions.
//
// The time that Go needs for a regular expression is linear in the length of the
// text. So a script cannot hang in one. But backreferences and lookaround are not
// supported; the error for such a pattern says so.
//
// Python's functions: https://docs.python.org/3/library/re.html.
// The syntax of patterns: https://github.com/google/re2/wiki/Syntax.
package re
