// Package starlib runs scripts. It has their builtins, and the values and errors
// that scripts get.
//
// # Stages
//
// A script runs in two stages. First its top level declares values and functions.
// Then all of these are frozen, and Run calls the script's function main, which
// does the work. parallel calls functions at the same time. They need no locks,
// because a frozen value cannot change.
//
// Run is the usual way to run a script. Execute calls a Go function instead of
// main; package scripttest uses it for tests of scripts. A Session has no main: it
// executes the inputs that a person types.
//
// All three make an execution. It holds the state that all threads of a script
// share: the options, the loaded modules, and the secrets that messages must not
// show. Its methods are the builtins. Each call that parallel makes has its own
// thread and its own engine.Task.
//
// # The outside
//
// A script can reach only what Options gives it. The engine validates images,
// Lookup asks registries, Open opens lists, and WriteFailed writes the failed list.
// If a builtin takes a path, it must pass the path to readPath or writePath. These
// check that the script may use the path (source.Access), and then ask Files for
// the file. Such a builtin works in all commands without a change to them.
//
// # Ends
//
// The context can end a script at any point. Starlark stops a thread between two
// steps. A builtin that waits must watch Context(thread). If a script fails, the
// error is a *ScriptError, which names the place in the script.
//
// # Neighbours
//
//   - source finds, reads and confines scripts and modules.
//   - signature reads main's parameters, the script's own flags.
//   - param reads the arguments of builtins.
//   - diagnose makes messages that name a place in a script.
//   - re is the module re.
//   - check finds mistakes without running a script, and formats scripts.
//   - scripttest runs tests of scripts.
//   - docs is the reference of everything that scripts can use.
//
// The package must not know flags, HTTP, or where results are written.
package starlib
