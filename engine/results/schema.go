package results

import _ "embed"

// Schema is the JSON Schema of each line of a results file.
//
//go:embed schema.json
var Schema string
