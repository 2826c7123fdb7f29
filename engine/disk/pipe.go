package disk

import (
	"errors"
	"os"
	"time"
)

// readerTime is how long a named pipe waits for a program that reads it. Opening such a
// pipe waits for the reader, without end and whatever signal comes, and a run that ends
// must not wait for long.
const readerTime = 3 * time.Second

var errNoReader = errors.New("it is a named pipe, and no program reads it")

// writeThrough writes to a device or a pipe, which keeps its place.
func writeThrough(path string, content []byte) error {
	file, err := openWithin(path, readerTime)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// openWithin opens a device or a pipe for writing. After the time it returns an error;
// the goroutine that still waits for a reader closes the pipe when one comes.
func openWithin(path string, most time.Duration) (*os.File, error) {
	type opening struct {
		file *os.File
		err  error
	}
	opened, late := make(chan opening), make(chan struct{})
	go func() {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		select {
		case opened <- opening{file, err}:
		case <-late:
			if err == nil {
				_ = file.Close()
			}
		}
	}()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case o := <-opened:
		return o.file, o.err
	case <-timer.C:
		close(late)
		return nil, errNoReader
	}
}
