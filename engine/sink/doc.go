// Package sink shows and keeps what a run finds out: the log, the progress
// bar, the results file, the failed list and the summary. The words that users
// see on the screen and in files are here.
package sink
