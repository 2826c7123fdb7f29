package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// gitLabSchema says what GitLab's documentation asks of a code quality report. GitLab
// itself looks only at types, and stops reading at the first issue that is wrong.
const gitLabSchema = `{
	"type": "array",
	"items": {
		"type": "object",
		"required": ["description", "check_name", "fingerprint", "severity", "location"],
		"additionalProperties": false,
		"properties": {
			"description": {"type": "string", "minLength": 1},
			"check_name": {"type": "string", "minLength": 1},
			"fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
			"severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
			"location": {
				"type": "object",
				"required": ["path", "lines"],
				"additionalProperties": false,
				"properties": {
					"path": {"type": "string", "pattern": "^[^./]"},
					"lines": {
						"type": "object",
						"required": ["begin"],
						"additionalProperties": false,
						"properties": {"begin": {"type": "integer", "minimum": 1}}
					}
				}
			}
		}
	}
}`

// TestGitLab holds code quality reports to their schema, and shows that no two issues
// have one fingerprint.
func TestGitLab(t *testing.T) {
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(gitLabSchema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("gitlab", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("gitlab")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"passed", "partial", "hostile", "stream"} {
		text := golden(t, name+".gitlab.json")
		report, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(report); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var issues []gitLabIssue
		if err := json.Unmarshal(text, &issues); err != nil {
			t.Fatal(err)
		}
		prints := map[string]bool{}
		for _, issue := range issues {
			prints[issue.Fingerprint] = true
		}
		if len(prints) != len(issues) {
			t.Errorf("%s: %d issues with %d fingerprints", name, len(issues), len(prints))
		}
	}
	if got := string(golden(t, "passed.gitlab.json")); got != "[\n]\n" {
		t.Errorf("the report of a run that passed is %q", got)
	}
}
