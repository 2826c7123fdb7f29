package starlib

import (
	"fmt"
	"maps"

	"go.starlark.net/lib/math"
	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine/imagelist"
	"mvrun/starlib/csv"
	"mvrun/starlib/param"
	"mvrun/starlib/re"
	"mvrun/starlib/yaml"
	"mvrun/validate"
)

type builtin = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// builtins returns the functions and modules that every file of an execution can
// use, besides those of the language itself.
func (e *execution) builtins() starlark.StringDict {
	builtins := starlark.StringDict{
		"log":    e.log(),
		"struct": starlark.NewBuiltin("struct", starlarkstruct.Make),
		"json":   jsonModule(),
		"math":   math.Module,
		"time":   startime.Module,
		"re":     re.Module,
		"yaml":   yaml.Module,
		"csv":    csv.Module,
	}
	for name, fn := range map[string]builtin{
		"registry":     e.registry,
		"load_list":    e.loadList,
		"image":        e.image,
		"validate":     e.validate,
		"waive":        e.waive,
		"reject":       e.reject,
		"exit_status":  e.exitStatusOf,
		"parallel":     e.parallel,
		"write_failed": e.writeFailed,
		"read_file":    e.readFile,
		"write_file":   e.writeFile,
		"inspect":      e.inspect,
		"tags":         e.tags,
		"referrers":    e.referrers,
		"attempt":      e.attempt,
		"env":          e.env,
		"sleep":        e.sleep,
	} {
		builtins[name] = starlark.NewBuiltin(name, fn)
	}
	maps.Copy(builtins, e.Extra)
	return builtins
}

// predeclared returns the builtins, and those of the language itself that have bounds.
func (e *execution) predeclared() starlark.StringDict {
	all := e.builtins()
	maps.Copy(all, bounded())
	return all
}

// BuiltinNames returns the names of the builtins that every script can use, besides
// those of the language itself.
func BuiltinNames() []string { return new(execution).builtins().Keys() }

// image implements image(source, destination, tag). The image belongs to no list.
// Without a tag, source and destination have tags of their own, as in a line of two
// words.
func (e *execution) image(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var source, destination string
	var tag optionalString
	if err := param.Unpack(b, args, kwargs, "source", &source, "destination", &destination, "tag?", &tag); err != nil {
		return nil, err
	}
	var image imagelist.Image
	var err error
	if tag.isGiven {
		image, err = imagelist.New(source, destination, tag.value, e.List)
	} else {
		image, err = imagelist.NewPair(source, destination, e.List)
	}
	if err != nil {
		return nil, imageError(b, err)
	}
	image.Number = e.made.number(image)
	return &Image{image}, nil
}

// validate implements validate(image, arch, os, rules, depth, provenance, referrers,
// sample). If the image fails or cannot be checked, the result says so. An error
// means that the arguments are wrong.
func (e *execution) validate(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	q := e.Question
	arch, os, rules, depth, sample := param.Words(q.Arch), param.Words(q.OS), string(q.Rules), string(q.Depth), ""
	err := param.Unpack(b, args, kwargs, "image", &value,
		"arch?", &arch, "os?", &os, "rules?", &rules, "depth?", &depth, "provenance?", &q.Provenance, "referrers?", &q.Referrers, "sample?", &sample)
	if err != nil {
		return nil, err
	}
	image, ok := value.(*Image)
	if !ok {
		return nil, fmt.Errorf("%s: got %s, want an image: load_list() gives them, or image(source, destination, tag) makes one", b.Name(), param.Describe(value))
	}
	q.Arch, q.OS, q.Rules, q.Depth = arch, os, validate.Rules(rules), validate.Depth(depth)
	if sample != "" {
		if q.Sample, err = validate.ParseSample(sample); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	if err := q.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return &Result{taskOf(thread).Validate(Context(thread), &image.image, q).Pack()}, nil
}
