// Package results keeps the outcome of a run in a file, for programs and for
// the run that goes on from it.
//
// A results file holds JSON lines: a Header that says which run it is of, then
// a Record for each result, in the order in which images finish. File is the
// sink that writes it. Every record is written as a whole before the run goes
// on, so that a run that is killed loses at most the record that it was
// writing.
//
// Resume opens the file of an earlier run and reads it back as Earlier: the
// last result of every image. It refuses a file whose answers belong to another
// list, another script, or other flags that verdicts depend on.
//
// The package knows neither flags nor screens: what a user calls the file comes
// in as Hints.
package results
