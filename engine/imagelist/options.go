package imagelist

import (
	"errors"
	"fmt"
)

// Options say which registries and which project the images of a list get.
type Options struct {
	Source      string // HOST[:PORT][/PREFIX] of every source image; "" means that of the list
	Destination string // HOST[:PORT][/PREFIX] of every destination image; "" means that of the list
	// DestinationOnly says that nobody asks the source: a line need not name one.
	DestinationOnly bool

	// OwnDestination says that a line of one image without Destination has its own name
	// as destination: nodes pull by this name, and something else says from where.
	OwnDestination bool

	DefaultProject string // the project of a destination whose path has one component; "" means none

	Hints Hints
}

// Hints say how a user changes a setting, for messages. The caller gives them, because
// only the caller knows whether a user sets a flag, a variable, or something in a
// script. If a hint is empty, messages leave it out.
type Hints struct {
	Destination string // how to set Options.Destination, such as "-d (or DEST_REGISTRY)"
	PlainHTTP   string // how to allow plain HTTP, such as "--tls-verify=false"
}

// Check returns an error if the options are wrong.
func (o Options) Check() error {
	for _, side := range []struct{ name, place string }{{"source", o.Source}, {"destination", o.Destination}} {
		if side.place == "" {
			continue
		}
		if err := CheckPlace(side.place); err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
	}
	if err := CheckProject(o.DefaultProject); err != nil {
		return fmt.Errorf("project %w", err)
	}
	return nil
}

// CheckProject returns an error if a default project is wrong. It may be "".
func CheckProject(project string) error {
	if project == "" {
		return nil
	}
	err := checkPath(project)
	if errors.Is(err, ErrTagged) {
		err = errors.New("a project has no tag or digest")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", quote(project), err)
	}
	return nil
}
