package shard

import (
	"strings"
	"testing"
)

// lookup returns the variables of a text: "A=1 B=2".
func lookup(text string) Lookup {
	variables := map[string]string{}
	for variable := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = strings.ReplaceAll(value, "_SPACE_", " ")
	}
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

// TestChoose has a row for each engine, and for each way in which its variables mislead.
// Where the part is "", the error has the words of from.
func TestChoose(t *testing.T) {
	const (
		array = "SLURM_JOB_ID=8 SLURM_ARRAY_JOB_ID=7 SLURM_PROCID=0 "
		steps = "SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_STEP=3 SLURM_ARRAY_TASK_COUNT=3"
		holes = "SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=6 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=3"
		step  = "SLURM_JOB_ID=8 SLURM_STEP_ID=0 "
	)
	for _, test := range []struct{ value, variables, part, from string }{
		{"3/8", "CI_NODE_INDEX=1 CI_NODE_TOTAL=2", "3 of 8", "--shard 3/8"},
		{"1/1", "", "1 of 1", ""},
		{"10000/10000", "", "10000 of 10000", ""},

		{"auto/8", "JOB_COMPLETION_INDEX=0", "1 of 8", "JOB_COMPLETION_INDEX=0"},
		{"auto/8", "JOB_COMPLETION_INDEX=7", "8 of 8", ""},
		{"auto/8", "JOB_COMPLETION_INDEX=8", "", "--shard auto/8: JOB_COMPLETION_INDEX=8: the index is none of 0 to 7: give the number of parts that Kubernetes has, or name the part yourself, such as --shard 1/4"},
		{"auto", "JOB_COMPLETION_INDEX=0", "", "--shard auto: JOB_COMPLETION_INDEX=0, but Kubernetes does not tell how many parts there are: give --shard auto/N with the N of completions: N"},
		{"auto/8", "JOB_COMPLETION_INDEX=-1", "", "JOB_COMPLETION_INDEX=-1 is no whole number"},

		{"auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=4", "1 of 4", "CI_NODE_INDEX=1, CI_NODE_TOTAL=4"},
		{"auto", "CI_NODE_INDEX=4 CI_NODE_TOTAL=4", "4 of 4", ""},
		{"auto/4", "CI_NODE_INDEX=4 CI_NODE_TOTAL=4", "4 of 4", ""},
		{"auto", "CI_NODE_INDEX=0 CI_NODE_TOTAL=4", "", "CI_NODE_INDEX=0, CI_NODE_TOTAL=4: the index is none of 1 to 4"},
		{"auto", "CI_NODE_INDEX=5 CI_NODE_TOTAL=4", "", "the index is none of 1 to 4"},
		{"auto/5", "CI_NODE_INDEX=4 CI_NODE_TOTAL=4", "", "CI_NODE_INDEX=4, CI_NODE_TOTAL=4: GitLab tells another number of parts: give --shard auto, or make the two numbers agree"},
		{"auto", "CI_NODE_TOTAL=1", "", "CI_NODE_TOTAL=1, so this is not one of several parts"},
		{"auto", "CI_NODE_TOTAL=4", "", "CI_NODE_TOTAL=4 is set, but CI_NODE_INDEX is not: GitLab sets it for parallel: N"},
		{"auto", "CI_NODE_INDEX=4", "", "CI_NODE_INDEX=4 is set, but CI_NODE_TOTAL is not"},
		{"auto", "CI_NODE_INDEX=4 CI_NODE_TOTAL=", "", "CI_NODE_TOTAL is not"},
		{"auto", "CI_NODE_INDEX=one CI_NODE_TOTAL=4", "", "CI_NODE_INDEX=one is no whole number"},
		{"auto", "CI_NODE_INDEX=1_SPACE_2 CI_NODE_TOTAL=4", "", `CI_NODE_INDEX="1 2" is no whole number`},
		{"auto", "CI_NODE_INDEX=1\x1b[2J CI_NODE_TOTAL=4", "", `CI_NODE_INDEX="1\x1b[2J" is no whole number`},
		{"auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=0", "", "the index is none of 1 to 0"},
		{"auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=10001", "", "at most 10000 parts"},
		{"auto", "CI_NODE_TOTAL=1 JOB_COMPLETION_INDEX=1", "", "give --shard auto/N"},
		{"auto/2", "CI_NODE_TOTAL=1 JOB_COMPLETION_INDEX=1", "2 of 2", "JOB_COMPLETION_INDEX=1"},

		{"auto", array + "SLURM_ARRAY_TASK_ID=1 " + steps, "1 of 3", "SLURM_ARRAY_TASK_ID=1, SLURM_ARRAY_TASK_MIN=1, SLURM_ARRAY_TASK_MAX=7, SLURM_ARRAY_TASK_STEP=3, SLURM_ARRAY_TASK_COUNT=3"},
		{"auto", array + "SLURM_ARRAY_TASK_ID=7 " + steps, "3 of 3", ""},
		{"auto", array + "SLURM_ARRAY_TASK_ID=5 " + steps, "", "the index is none of 1 to 7 in steps of 3"},
		{"auto", array + "SLURM_ARRAY_TASK_ID=5 " + holes, "", "the array has holes, so nobody knows which of its parts this is: number its tasks without holes, as --array=1-3 does"},
		{"auto", array + "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=4", "", "SLURM_ARRAY_TASK_ID=2, SLURM_ARRAY_TASK_COUNT=4 is set, but SLURM_ARRAY_TASK_MIN is not"},
		{"auto", array + "SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_STEP=0 SLURM_ARRAY_TASK_COUNT=4", "", "the array has holes"},
		{"auto", array + "SLURM_NTASKS=2 SLURM_ARRAY_TASK_ID=4 " + steps, "2 of 3", ""},

		{"auto", step + "SLURM_PROCID=0 SLURM_NTASKS=2", "1 of 2", "SLURM_PROCID=0, SLURM_NTASKS=2"},
		{"auto", "SLURM_PROCID=1 SLURM_NTASKS=2", "2 of 2", ""},
		{"auto", step + "SLURM_PROCID=2 SLURM_NTASKS=2", "", "the index is none of 0 to 1"},
		{"auto", step + "SLURM_PROCID=0 SLURM_NTASKS=1", "", "SLURM_NTASKS=1, so this is not one of several parts"},
		{"auto", "SLURM_JOB_ID=8 SLURM_PROCID=0 SLURM_NTASKS=4", "", "this is the batch script or the shell of a job, and none of the job's tasks: start mvrun with srun"},
		{"auto", "SLURM_JOB_ID=8 SLURM_STEP_ID=4294967290 SLURM_PROCID=0 SLURM_NTASKS=4", "", "this is the batch script or the shell of a job"},
		{"auto", "SLURM_JOB_ID=8 SLURM_STEP_ID=4294967291 SLURM_PROCID=0 SLURM_NTASKS=4", "", "this is the batch script or the shell of a job"},
		{"auto", "SLURM_JOB_ID=8 SLURM_PROCID=0", "", "SLURM_PROCID=0 is set, but SLURM_NTASKS is not"},

		{"auto", "AWS_BATCH_JOB_ARRAY_INDEX=3 AWS_BATCH_JOB_ARRAY_SIZE=8", "4 of 8", ""},
		{"auto", "BATCH_TASK_INDEX=0 BATCH_TASK_COUNT=2", "1 of 2", ""},
		{"auto", "CLOUD_RUN_TASK_INDEX=9 CLOUD_RUN_TASK_COUNT=10", "10 of 10", ""},
		{"auto", "CIRCLE_NODE_INDEX=0 CIRCLE_NODE_TOTAL=1", "1 of 1", ""},
		{"auto", "BUILDKITE_PARALLEL_JOB=1 BUILDKITE_PARALLEL_JOB_COUNT=3", "2 of 3", ""},
		{"auto", "NOMAD_ALLOC_INDEX=1", "", "but Nomad does not tell how many parts there are: give --shard auto/N with the N of count = N"},
		{"auto/2", "NOMAD_ALLOC_INDEX=1", "2 of 2", ""},

		{"auto", "", "", "--shard auto: no variable of the environment says which part this is; mvrun knows JOB_COMPLETION_INDEX (Kubernetes), CI_NODE_INDEX (GitLab), "},
		{"auto/8", "BITBUCKET_PARALLEL_STEP=1 BITBUCKET_PARALLEL_STEP_COUNT=2", "", "no variable of the environment"},
		{"auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=4 NOMAD_ALLOC_INDEX=0", "", "more than one engine says which part this is, GitLab (CI_NODE_INDEX=1, CI_NODE_TOTAL=4) and Nomad (NOMAD_ALLOC_INDEX=0): name the part yourself"},

		{"", "", "", `--shard "": want I/N, such as 3/8 for the third of eight parts, or auto, or auto/N`},
		{"3", "", "", "want I/N"},
		{"3/", "", "", "want I/N"},
		{"/8", "", "", "want I/N"},
		{"3/8/9", "", "", "want I/N"},
		{"+3/8", "", "", "want I/N"},
		{"3/+8", "", "", "want I/N"},
		{"3 / 8", "", "", "want I/N"},
		{"a/8", "", "", "want I/N"},
		{"Auto", "", "", "want I/N"},
		{"auto/", "", "", "want I/N"},
		{"auto/0", "", "", "want I/N"},
		{"auto/99999999999999999999", "", "", "want I/N"},
		{"0/8", "", "", "--shard 0/8: there is no such part: parts count from 1 to 8"},
		{"9/8", "", "", "there is no such part"},
		{"99999999999999999999/8", "", "", "there is no such part"},
		{"1/10001", "", "", "at most 10000 parts"},
	} {
		choice, err := Choose(test.value, lookup(test.variables))
		switch {
		case test.part == "" && (err == nil || !strings.Contains(err.Error(), test.from)):
			t.Errorf("%s with %s: %v, %v; want an error: %s", test.value, test.variables, choice, err, test.from)
		case test.part != "" && (err != nil || choice.String() != test.part || test.from != "" && choice.From != test.from):
			t.Errorf("%s with %s: %v, %v; want %s from %s", test.value, test.variables, choice, err, test.part, test.from)
		}
	}
}

// TestUnused shows when a run of the whole list may be one of several.
func TestUnused(t *testing.T) {
	for variables, want := range map[string]string{
		"":                                "",
		"CI_NODE_TOTAL=1":                 "",
		"CI_NODE_INDEX=1 CI_NODE_TOTAL=1": "",
		"CI_NODE_INDEX=1 CI_NODE_TOTAL=4": "GitLab says that this is one of several parts (CI_NODE_INDEX=1, CI_NODE_TOTAL=4), but without --shard each of them validates the whole list",
		"CI_NODE_INDEX=9 CI_NODE_TOTAL=4": "",
		"JOB_COMPLETION_INDEX=0":          "Kubernetes says that this is one of several parts (JOB_COMPLETION_INDEX=0), but without --shard each of them validates the whole list",
		"NOMAD_ALLOC_INDEX=0":             "",
		"NOMAD_ALLOC_INDEX=2":             "Nomad says that this is one of several parts (NOMAD_ALLOC_INDEX=2), but without --shard each of them validates the whole list",
		"SLURM_PROCID=0":                  "",
		"SLURM_JOB_ID=1 SLURM_PROCID=0 SLURM_NTASKS=4":                 "",
		"SLURM_JOB_ID=1 SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=4": "Slurm says that this is one of several parts (SLURM_PROCID=0, SLURM_NTASKS=4), but without --shard each of them validates the whole list",
	} {
		if got := Unused(lookup(variables)); got != want {
			t.Errorf("%s: %q, want %q", variables, got, want)
		}
	}
}
