// Package re is the module re of scripts: functions with the names and
// arguments of Python's module re, which use Go's regular expressions.
//
// Go's regular expressions take time linear in the length of the text, so no
// script can hang in one. In return they know neither backreferences nor
// lookaround; the error of such a pattern says so.
//
// Python's functions: https://docs.python.org/3/library/re.html.
// The syntax of patterns: https://github.com/google/re2/wiki/Syntax.
package re
