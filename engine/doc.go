// Package engine runs a validation: it asks a registry for what a comparison
// needs, a bounded number of images at once, and hands every result to the
// sinks from one goroutine. It knows neither Starlark nor HTTP.
package engine
