// Package starlib runs scripts: their stages, the builtins that they call, the
// values that they get, and the errors that they see.
//
// # Stages
//
// A script runs in two stages. Its top level declares. Then everything that the
// top level made is frozen, and Run calls the script's function main, which does
// the work. So functions that parallel calls at the same time can share nothing
// that changes, and need no locks.
//
// Run is the usual way to run a script. Execute calls a Go function in place of
// main; tests of scripts (package scripttest) build on it. A Session has no main:
// it executes what a person types, one input at a time.
//
// All three make an execution. It holds what is shared by the threads of one
// script: the options, the loaded modules, and the values of env that messages
// must not show. Its methods are the builtins. Each call that parallel makes has
// a thread and an engine.Task of its own.
//
// # The outside
//
// Options is all that a script can reach. The engine validates images, Lookup
// asks registries, Open and WriteFailed are the lists. A builtin that takes a
// path has to pass it to readPath or writePath: these hold the script to the
// folders that it may use (source.Access), and then ask Files which file stands
// for the path. A builtin that is added that way needs no wiring in the command.
//
// # Ends
//
// The context ends a script at any point. Starlark stops a thread between two
// steps; a builtin that waits has to watch Context(thread). An error of a script
// is a *ScriptError, which points at the place in the script.
//
// # Neighbours
//
//   - source finds, reads and confines scripts and modules.
//   - signature reads main's parameters, the script's own flags.
//   - param reads the arguments of builtins.
//   - diagnose writes messages that point at a place in a script.
//   - re is the module re.
//   - check finds errors without running a script, and formats scripts.
//   - scripttest runs tests of scripts.
//   - docs is the reference of what scripts can use.
//
// The package must not know flags, HTTP, or where results are written.
package starlib
