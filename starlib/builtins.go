package starlib

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"go.starlark.net/lib/json"
	"go.starlark.net/lib/math"
	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/param"
	"mvrun/starlib/re"
	"mvrun/validate"
)

// What scripts call. The defaults of all arguments are the command's flags.

type builtin = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

func (r *run) builtins() starlark.StringDict {
	builtins := starlark.StringDict{
		"log":    r.log(),
		"struct": starlark.NewBuiltin("struct", starlarkstruct.Make),
		"json":   json.Module,
		"math":   math.Module,
		"time":   startime.Module,
		"re":     re.Module,
	}
	for name, fn := range map[string]builtin{
		"registry":     r.registry,
		"load_list":    r.loadList,
		"image":        r.image,
		"validate":     r.validate,
		"waive":        r.waive,
		"parallel":     r.parallel,
		"write_failed": r.writeFailed,
		"inspect":      r.inspect,
		"tags":         r.tags,
		"referrers":    r.referrers,
		"attempt":      r.attempt,
		"env":          r.env,
		"sleep":        r.sleep,
	} {
		builtins[name] = starlark.NewBuiltin(name, fn)
	}
	if r.world != nil {
		maps.Copy(builtins, r.testBuiltins())
	}
	return builtins
}

// loadList is load_list(path, source, destination, default_project): the
// images of a list, read as they are asked for.
func (r *run) loadList(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	path, options := "", r.List
	err := param.Unpack(b, args, kwargs, "path?", &path,
		"source?", &options.Source, "destination?", &options.Destination, "default_project?", &options.DefaultProject)
	if err != nil {
		return nil, err
	}
	if err := options.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if path != "" {
		if path, err = r.loader.Confine(path); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	list, err := r.Open(path)
	if err != nil {
		return nil, err
	}
	r.Engine.Load(list)
	return &imageList{run: r, thread: thread, list: list, options: options}, nil
}

// image is image(source, destination, tag): an image of no list.
func (r *run) image(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var source, destination, tag string
	if err := param.Unpack(b, args, kwargs, "source", &source, "destination", &destination, "tag", &tag); err != nil {
		return nil, err
	}
	image, err := imagelist.New(source, destination, tag, r.List)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	image.Number = int(r.byHand.Add(1))
	return &Image{image}, nil
}

// waive is waive(result, reason): a result that did not pass, accepted.
func (r *run) waive(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	var reason string
	if err := param.Unpack(b, args, kwargs, "result", &value, "reason", &reason); err != nil {
		return nil, err
	}
	result, ok := value.(*Result)
	if !ok {
		return nil, fmt.Errorf("%s: got %s, want a result, such as validate(image) gives", b.Name(), param.Describe(value))
	}
	if strings.TrimSpace(reason) == "" {
		return nil, fmt.Errorf("%s: the reason is empty: say why, and until when, for who reads the report", b.Name())
	}
	if result.packed.OK() {
		return result, nil
	}
	waived := taskOf(thread).Waive(result.packed.Result(), r.revealed.hide(reason))
	return &Result{waived.Pack(result.packed.Image)}, nil
}

// validate is validate(image, arch, os, rules, depth, provenance, referrers, sample): one
// result, whatever became of the image.
func (r *run) validate(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	q := r.Question
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
	return &Result{taskOf(thread).Validate(contextOf(thread), image.image, q).Pack(&image.image)}, nil
}

// maxDepth is how deep calls of parallel, and of attempt, may be nested.
const maxDepth = 1000

// parallel is parallel(fn, items, on_result): fn of every item, as many at
// once as there are jobs, and the results in the order of the items.
func (r *run) parallel(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn starlark.Callable
	var items starlark.Iterable
	var onResult starlark.Callable
	if err := param.Unpack(b, args, kwargs, "fn", &fn, "items", &items, "on_result??", &onResult); err != nil {
		return nil, err
	}
	if session, ok := thread.Local(promptLocal).(*Session); ok {
		session.freeze(thread)
	} else if thread.CallStack()[0].Name == "<toplevel>" {
		return nil, fmt.Errorf("%s: only main, or what it calls, may use %s: the top level is not frozen yet, and callbacks run at once", b.Name(), b.Name())
	}
	depth, _ := thread.Local(depthLocal).(int)
	if depth == maxDepth { // each has a stack of its own: Starlark's check for recursion sees the latest only
		return nil, fmt.Errorf("%s: %d calls are nested in one another: does a callback call itself?", b.Name(), maxDepth)
	}
	// What runs at once must share nothing that changes.
	fn.Freeze()
	next, err := take(contextOf(thread), items)
	if err != nil {
		return nil, err
	}

	results := &ordered{thread: thread, onResult: onResult}
	err = engine.Each(contextOf(thread), r.Engine.Jobs(), next, func(ctx context.Context, index int, item starlark.Value) error {
		worker, end := r.thread(ctx, fmt.Sprintf("%s #%d", fn.Name(), index+1))
		worker.SetLocal(depthLocal, depth+1)
		value, err := starlark.Call(worker, fn, starlark.Tuple{item}, nil)
		if err != nil {
			r.fail(worker, item, err)
		}
		end()
		if err != nil {
			return &itemError{item: item, err: err}
		}
		if err := results.put(index, value); err != nil {
			return &itemError{item: item, err: err, onResult: true}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return starlark.NewList(results.values), nil
}

// fail notes that what a thread did with an item failed: an image must not
// count by what was found out before.
func (r *run) fail(thread *starlark.Thread, item starlark.Value, err error) {
	reason, message := validate.Script, "the script failed: "+r.revealed.hide(diagnose.InnermostMessage(err))
	if contextOf(thread).Err() != nil {
		if reason, message = engine.Ended(context.Cause(contextOf(thread))); reason == validate.Interrupted {
			message = "the script was stopped before it was done with the image"
		}
	}
	var image *imagelist.Image
	if i, ok := item.(*Image); ok {
		image = &i.image
	}
	taskOf(thread).Fail(image, reason, message)
}

// take returns items one by one: images as they are read, others frozen before
// the first of them is taken.
func take(ctx context.Context, items starlark.Iterable) (func(context.Context) (starlark.Value, error), error) {
	if images, ok := items.(*imageList); ok {
		return images.cursor(), nil
	}
	var all []starlark.Value
	iterator := items.Iterate()
	defer iterator.Done()
	for item := starlark.Value(nil); iterator.Next(&item); {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		item.Freeze()
		all = append(all, item)
	}
	return func(context.Context) (starlark.Value, error) {
		if len(all) == 0 {
			return nil, io.EOF
		}
		item := all[0]
		all = all[1:]
		return item, nil
	}, nil
}

// writeFailed is write_failed(results, path): the failed list; how many lines
// it has.
func (r *run) writeFailed(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var values starlark.Iterable
	var path string
	if err := param.Unpack(b, args, kwargs, "results", &values, "path?", &path); err != nil {
		return nil, err
	}
	if ctx := contextOf(thread); ctx.Err() != nil { // the results are not all there are
		return nil, context.Cause(ctx)
	}
	var results []*engine.Packed
	iterator := values.Iterate()
	defer iterator.Done()
	var value starlark.Value
	for i := 0; iterator.Next(&value); i++ {
		result, ok := value.(*Result)
		if !ok {
			return nil, fmt.Errorf("%s: results[%d] is %s, want a result: does every way through the callback return one?", b.Name(), i, param.Describe(value))
		}
		results = append(results, &result.packed)
	}
	if path != "" {
		var err error
		if path, err = r.loader.Confine(path); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	// A second call for the same file adds to it: a script may have two lists.
	r.failing.Lock()
	defer r.failing.Unlock()
	r.failed[path] = append(r.failed[path], results)
	lines := r.Engine.FailedLines(r.failed[path]...)
	if err := r.WriteFailed(path, lines); err != nil {
		return nil, err
	}
	return starlark.MakeInt(len(lines)), nil
}
