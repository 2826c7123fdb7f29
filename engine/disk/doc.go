// Package disk writes the files of a run: in one step, so that nobody sees half a file,
// and only where no other user of the machine could have led the run to a file that
// this user did not mean.
package disk
