package registry

import (
	"fmt"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Error says that a registry could not be read, or did not give a usable answer.
// Nothing is known of the image then.
type Error struct {
	Side      validate.Side
	Reference string // what was to be read
	Err       error

	doing string    // in front of the reference
	known explained // what Err means
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s", e.doing, e.Reference, e.known)
}

func (e *Error) Unwrap() error { return e.Err }

// Reason implements engine.Reasoner.
func (e *Error) Reason() validate.Reason { return e.known.Reason() }

// explained is an error that knows the reason of an image's result, and whose
// words tell people what to do.
type explained interface {
	error
	Reason() validate.Reason
}

// contentError says that the bytes of an answer are not what they should be.
type contentError struct{ err error }

func (e *contentError) Error() string           { return wire.Plain(e.err) }
func (e *contentError) Unwrap() error           { return e.err }
func (e *contentError) Reason() validate.Reason { return validate.BadManifest }

// missingError says that a registry does not have what a script asked it for.
type missingError struct {
	words string
	side  validate.Side
}

func (e *missingError) Error() string { return e.words }

func (e *missingError) Reason() validate.Reason {
	if e.side == validate.Destination {
		return validate.DestinationMissing
	}
	return validate.SourceMissing
}
