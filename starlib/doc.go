// Package starlib is the world of a script: how it is found and run, the
// builtins that it calls, the values that it gets, and the errors that it sees.
//
// A script runs in two stages. Its top level declares; then all that it made
// is frozen, and main is called. So what parallel calls at once can share
// nothing that changes.
//
// A test of a script is run the same way, but its world is made up: see World.
package starlib
