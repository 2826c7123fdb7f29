// Package sink writes the output of a run: the log, the progress, the summary and
// the failed list. It keeps the words and the layout of Hangar, because users and
// their programs know them.
//
// Most types are an engine.Sink or an engine.Finisher. A Sink gets every result, from
// one goroutine. A Finisher also gets the summary at the end. To use a new sink,
// add it to the sinks of a run; nothing else is needed.
//
// The package does not know HTTP or Starlark.
package sink
