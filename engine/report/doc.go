// Package report writes the outcome of a run for people and programs that were not
// there: a page for a browser, the formats of CI servers, a table.
//
// A report shows a results.Outcome: what the results files of a run say together. It
// asks nothing else, so that a run writes the same reports at its end as a later
// command makes of its files. Each format is a Format of the table Formats.
//
// Tags, messages and names in an outcome come from registries and lists that nobody
// has to trust. Each format writes them as text in its own way.
//
// The package knows neither flags nor screens. What a user calls a setting comes in
// as Options.
package report
