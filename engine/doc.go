// Package engine validates the images of a run: many at once, each with one
// result, and every result handed to all sinks.
//
// An [Engine] knows the lists of the run. For every thread of a script, [Engine.Begin]
// starts a [Task]. Task.Validate compares one image: it calls validate.Compare,
// which returns a verdict or names the facts that it needs; the engine has the
// [Registry] read those facts side by side, and calls validate.Compare again.
// Facts about a digest are remembered for the other images that need them.
//
// A task records the result of an image when its thread turns to another image or
// ends. One goroutine, the collector, takes all recorded results and hands each
// to every [Sink] in turn, so a sink needs no locks. After [Engine.Close] the counts
// of the run are known, and [Engine.Finish] calls the sinks that have something to
// do at the end.
//
// An image that fails never stops the others. A sink that fails stops the run.
//
// The package knows neither Starlark nor HTTP: scripts, registries and sinks are
// other packages, which it sees through its interfaces and functions.
package engine
