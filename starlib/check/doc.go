// Package check finds what is wrong with scripts without running them, and
// formats them.
//
// Check looks for errors that a run would end with, such as a name that nothing
// defines, a module that cannot be loaded, or parallel at the top level. It also
// looks for doubtful places, by rules of buildifier that make sense outside
// Bazel. Rules lists all of both. Fix rewrites a script in buildifier's layout.
//
// A checker holds what is known of one script: its syntax tree, the modules that
// it loads, and the findings so far. Each file of the package adds findings of
// one kind: loads.go, stages.go, main.go, lint.go, format.go.
//
// The formatter and the lint rules come from buildtools, which parses a slightly
// different language. plain.go translates between the two, and sameProgram proves
// that a formatted script still means the same.
//
// The package knows the names of the builtins and executes nothing.
package check
