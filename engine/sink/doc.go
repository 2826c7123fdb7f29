// Package sink shows a run to people: the log, the progress, the summary and
// the failed list. Hangar's words and layout, which users and their programs
// know, stand here.
//
// Most types are an engine.Sink, which gets every result from one goroutine, or
// an engine.Finisher, which also gets the summary at the end. A sink that is
// added to a run needs no other wiring.
//
// The package knows neither HTTP nor Starlark.
package sink
