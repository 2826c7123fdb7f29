package imagelist

import "fmt"

// Options say which registries and which project the images of a list get.
type Options struct {
	Source      string // the registry of every source image; "" means that of the list
	Destination string // the registry of every destination image; "" means that of the list
	// DestinationOnly says that nobody asks the source: a line need not name one.
	DestinationOnly bool

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
	for _, side := range []struct{ name, registry string }{{"source", o.Source}, {"destination", o.Destination}} {
		if side.registry == "" {
			continue
		}
		if err := CheckRegistry(side.registry); err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
	}
	return o.checkProject()
}

func (o Options) checkProject() error {
	if o.DefaultProject == "" {
		return nil
	}
	if _, err := o.parseRepository("localhost/" + o.DefaultProject); err != nil {
		return fmt.Errorf("project %s: %w", quote(o.DefaultProject), err)
	}
	return nil
}
