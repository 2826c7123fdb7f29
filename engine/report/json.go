package report

import (
	"encoding/json"
	"fmt"
	"io"

	"mvrun/engine/results"
)

// writeJSON writes the end of the run as the results file has it, with the recap.
func writeJSON(w io.Writer, outcome *results.Outcome, options Options) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(outcome.End(options.Advice)); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
