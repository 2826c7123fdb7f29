package job

import (
	"crypto/rand"
	"strings"
)

// runVariables are the variables that tell the id of a run whose parts are
// validated on several machines: the user's own, and those of the engines that
// start the machines.
var runVariables = []string{"MVRUN_RUN_ID", "SLURM_ARRAY_JOB_ID", "AWS_BATCH_JOB_ID", "CLOUD_RUN_EXECUTION", "CI_PIPELINE_ID", "GITHUB_RUN_ID"}

// runID returns the id of a run, and the variable that told it: "random" if none
// did.
func runID(getenv func(string) string) (id, from string) {
	for _, name := range runVariables {
		if id := getenv(name); id != "" {
			if end := strings.IndexAny(id, ":#"); name == "AWS_BATCH_JOB_ID" && end >= 0 {
				id = id[:end] // the index of the part follows, or the number of the node
			}
			return id, name
		}
	}
	return rand.Text(), "random"
}
