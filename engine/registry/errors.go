package registry

import (
	"fmt"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Error says that a registry could not be asked, or did not give a usable answer. So
// nothing is known about the image.
type Error struct {
	Side      validate.Side
	Reference string // the image that should have been read
	Err       error

	doing  string    // what was tried; the message shows it before the reference
	image  string    // the image to which digest belongs
	digest string    // of the child or blob that was read; "" if Reference is what was read
	known  explained // the reason and the message that Err means
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s", e.doing, e.Reference, e.known)
}

// of completes an error of Client.Read by what was read of the image. A digest alone
// would read as if the image itself had it.
func (e *Error) of(image string, need validate.Need) *Error {
	e.image, e.digest = image, need.Digest
	switch need.Action {
	case validate.ListReferrers:
		e.doing, e.digest = "listing the referrers of "+e.Side.String(), ""
	case validate.ReadConfig, validate.HeadBlob, validate.HashBlob, validate.UnpackLayer:
		e.doing, e.Reference = fmt.Sprintf("reading blob %s of %s", e.digest, e.Side), image
	}
	return e
}

// NameObject implements engine.ObjectNamer: it returns the error with a name for what was
// read, such as "layer 3 of linux/arm64".
func (e *Error) NameObject(name string) error {
	if e.digest == "" {
		return e
	}
	named := *e
	named.doing, named.Reference = fmt.Sprintf("reading %s, %s, of %s", name, e.digest, e.Side), e.image
	return &named
}

func (e *Error) Unwrap() error { return e.Err }

// Reason implements engine.Reasoner.
func (e *Error) Reason() validate.Reason { return e.known.Reason() }

// explained is an error that knows the reason for an image's result. Its message
// tells users what to do.
type explained interface {
	error
	Reason() validate.Reason
}

// hintedError is an error with a hint behind its message.
type hintedError struct {
	explained
	hint string
}

func (e *hintedError) Error() string { return e.explained.Error() + e.hint }

// redactedError is an error whose message has no secret of the user. A registry may
// repeat in any place what was sent to it.
type redactedError struct {
	explained
	redact func(string) string
}

// cause returns what the error means, with secrets that the registry may have repeated.
func (e *Error) cause() explained {
	if redacted, ok := e.known.(*redactedError); ok {
		return redacted.explained
	}
	return e.known
}

func (e *redactedError) Error() string { return e.redact(e.explained.Error()) }

// contentError says that the content of an answer is wrong.
type contentError struct{ err error }

func (e *contentError) Error() string           { return wire.Plain(e.err) }
func (e *contentError) Unwrap() error           { return e.err }
func (e *contentError) Reason() validate.Reason { return validate.BadManifest }

// missingError says that a registry does not have an object for which a script asked.
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
