// Package job composes one run: a script over a list of images, with the
// registries, the log, the files and the signals that belong to it.
//
// A Config says all that may differ between two runs. The commands "run",
// "repl", "demo" and "test" each make a Config and call Run, or Open, Execute
// and Finish: they differ in configuration and never in wiring, so that a sink
// or a builtin that is added here works in all four.
//
//	Open     reads the list, opens what is written, connects the engine, its
//	         sinks and the script's world
//	Execute  runs the script
//	Finish   ends the engine, writes what the script left unwritten, lets every
//	         sink finish, and returns the exit status
//
// Every file that a run reads or writes is a row of one table, see Config.files.
// What must not be overwritten, where the sandbox of a test moves a path, and
// what a script may name follow from the table.
package job
