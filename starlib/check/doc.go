// Package check finds mistakes in scripts without running them, and formats
// scripts.
//
// Check finds errors that would end a run: for example an undefined name, a module
// that cannot be loaded, or a call of parallel at the top level. It also finds
// doubtful places. For these it uses the rules of buildifier that make sense
// outside Bazel. Rules lists the rules for both kinds. Fix rewrites a script in
// buildifier's layout.
//
// A checker is for one script. It holds the syntax tree, the modules that the
// script loads, and the findings so far. Each of these files adds one kind of
// findings: loads.go, stages.go, main.go, calls.go, attributes.go, lint.go, format.go.
// attributes.go needs the types of variables: bindings.go notes where a variable gets
// its values, and types.go follows them.
//
// The formatter and the lint rules come from buildtools, which parses a slightly
// different language. plain.go translates between the two. sameProgram checks that
// a formatted script still has the same meaning.
//
// The package knows the names of the builtins, but executes nothing.
package check
