package imagelist

import "fmt"

// Options say what is added to the images of a list, or replaced in them.
type Options struct {
	Source         string // registry of every source image, "" for the list's
	Destination    string // registry of every destination image, "" for the list's
	DefaultProject string // project of a destination of one component, "" for none

	Hints Hints
}

// Hints are the words with which messages tell a user how to change something.
// Only the caller knows the words, since only the caller knows whether a user
// has flags, variables or a script. A message leaves out a hint that is empty.
type Hints struct {
	Destination string // how to set Options.Destination; such as "-d (or DEST_REGISTRY)"
	PlainHTTP   string // how to allow plain HTTP; such as "--tls-verify=false"
}

// Check says what is wrong with the options.
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
