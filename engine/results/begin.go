package results

import (
	"errors"
	"os"
)

// This file decides when a run writes its first line. Nobody knows whether a stream is
// a list before its first lines were read, and a run whose list is the wrong file must
// leave the results of an earlier run as they were.

// beginWith begins the file by calling begin: at once if the list is known, and with
// the first line behind the header if the list is a stream. A pipe is always begun at
// once, because its reader waits for the header. If beginWith returns an error, the
// file is closed.
func (f *File) beginWith(header Header, begin func() error) (*File, error) {
	f.begin = begin
	if header.ListSHA256 == nil && f.regular {
		return f, nil
	}
	if err := f.start(); err != nil {
		return nil, errors.Join(err, f.file.Close())
	}
	return f, nil
}

// start begins the file, unless it is begun already.
func (f *File) start() error {
	begin := f.begin
	if begin == nil {
		return nil
	}
	f.begin = nil
	return begin()
}

// abandon closes a file that was not begun, and removes it if this run has made it.
func (f *File) abandon() error {
	if !f.created {
		return f.Close()
	}
	return errors.Join(f.Close(), os.Remove(f.name))
}
