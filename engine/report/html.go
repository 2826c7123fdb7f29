package report

import (
	"io"

	"mvrun/engine/report/webpage"
	"mvrun/engine/results"
)

// writeHTML writes a page for a browser.
func writeHTML(w io.Writer, outcome *results.Outcome, options Options) error {
	return webpage.Write(w, outcome, webpage.Options{Advice: options.Advice})
}
