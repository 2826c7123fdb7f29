package engine

import "errors"

// ObjectNamer is an error about one object of an image. It is better understood if it
// names the object, such as "layer 3 of linux/arm64".
type ObjectNamer interface {
	error
	NameObject(name string) error
}

// withName returns an error with the name of the object that it is about, if it has one.
func withName(err error, name string) error {
	if namer, ok := errors.AsType[ObjectNamer](err); ok && name != "" {
		return namer.NameObject(name)
	}
	return err
}
