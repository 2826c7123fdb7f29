package shard

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mvrun/engine/imagelist"
)

// Lookup returns a variable of the environment, and whether it is set.
type Lookup func(name string) (value string, isSet bool)

// get returns a variable, or "". An empty variable is none.
func (l Lookup) get(name string) string {
	value, _ := l(name)
	return value
}

// show returns variables with their values, for messages.
func (l Lookup) show(names ...string) string {
	var shown []string
	for _, name := range names {
		if value := l.get(name); value != "" {
			shown = append(shown, fmt.Sprintf("%s=%s", name, plain(value)))
		}
	}
	return strings.Join(shown, ", ")
}

// plain returns a value as it is if it is a short word of letters and digits, or else
// quoted and cut.
func plain(value string) string {
	const most = 40
	if quoted := strconv.Quote(value); len(value) > most || quoted != `"`+value+`"` || strings.ContainsAny(value, " ,") {
		return fmt.Sprintf("%.*q", most, value)
	}
	return value
}

// engine is something that starts a program on many machines, and numbers them.
type engine struct {
	name  string
	index string // the variable with the number of the machine
	count string // the variable with the number of machines; "" if the engine tells none
	first int    // the number of the first machine
	// splits says how a user has the engine start several machines.
	splits string
	// isCommon says that the variables are also set where there is only one machine.
	isCommon bool
	// more are the other variables that read looks at. read returns the part; nil
	// stands for the usual way.
	more []string
	read func(e engine, lookup Lookup) (imagelist.Shard, error)
	// isAbsent reports that the engine's variables are set, and yet do not speak of
	// parts. It may be nil.
	isAbsent func(lookup Lookup) bool
}

// engines are the engines whose variables are known for sure.
var engines = []engine{
	{name: "Kubernetes", index: "JOB_COMPLETION_INDEX", splits: "completions: N"},
	{name: "GitLab", index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", first: 1, splits: "parallel: N",
		isAbsent: func(lookup Lookup) bool { // without parallel
			return lookup.get("CI_NODE_INDEX") == "" && lookup.get("CI_NODE_TOTAL") == "1"
		}},
	{name: "Slurm", index: slurmArrayID, count: slurmArrayCount, splits: "sbatch --array=1-N", more: []string{slurmArrayMin, slurmArrayMax, slurmArrayStep}, read: readSlurmArray},
	{name: "Slurm", index: "SLURM_PROCID", count: "SLURM_NTASKS", splits: "srun --ntasks=N", read: readSlurmTask,
		isAbsent: func(lookup Lookup) bool { // each task of an array is a process, too
			return lookup.get(slurmArrayID) != "" || lookup.get("SLURM_NTASKS") == "1"
		}},
	{name: "AWS Batch", index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE", splits: "an array job"},
	{name: "Google Batch", index: "BATCH_TASK_INDEX", count: "BATCH_TASK_COUNT", splits: "taskCount: N"},
	{name: "Cloud Run", index: "CLOUD_RUN_TASK_INDEX", count: "CLOUD_RUN_TASK_COUNT", splits: "--tasks=N"},
	{name: "CircleCI", index: "CIRCLE_NODE_INDEX", count: "CIRCLE_NODE_TOTAL", splits: "parallelism: N"},
	{name: "Buildkite", index: "BUILDKITE_PARALLEL_JOB", count: "BUILDKITE_PARALLEL_JOB_COUNT", splits: "parallelism: N"},
	{name: "Nomad", index: "NOMAD_ALLOC_INDEX", splits: "count = N", isCommon: true},
}

// Variables of a Slurm array. The numbers of its tasks are what the user gave to
// --array, such as 1-7:3 for 1, 4 and 7.
const (
	slurmArrayID    = "SLURM_ARRAY_TASK_ID"
	slurmArrayMin   = "SLURM_ARRAY_TASK_MIN"
	slurmArrayMax   = "SLURM_ARRAY_TASK_MAX"
	slurmArrayStep  = "SLURM_ARRAY_TASK_STEP"
	slurmArrayCount = "SLURM_ARRAY_TASK_COUNT"
)

// present returns the engines whose variables are set.
func present(lookup Lookup) []engine {
	var found []engine
	for _, e := range engines {
		isSet := lookup.get(e.index) != "" || e.count != "" && lookup.get(e.count) != ""
		if isSet && (e.isAbsent == nil || !e.isAbsent(lookup)) {
			found = append(found, e)
		}
	}
	return found
}

// variables returns the names of the variables that the engine sets.
func (e engine) variables() []string {
	names := append([]string{e.index}, e.more...)
	if e.count != "" {
		names = append(names, e.count)
	}
	return names
}

// show returns the engine's variables with their values.
func (e engine) show(lookup Lookup) string { return lookup.show(e.variables()...) }

// part returns the part that the engine's variables name. Its Count is 0 if the engine
// tells none.
func (e engine) part(lookup Lookup) (imagelist.Shard, error) {
	for _, name := range e.variables() {
		if lookup.get(name) == "" {
			return imagelist.Shard{}, fmt.Errorf("%s is set, but %s is not: %s sets it for %s", e.show(lookup), name, e.name, e.splits)
		}
	}
	if e.read != nil {
		return e.read(e, lookup)
	}
	return e.numbered(lookup)
}

// numbered returns the part of an engine that numbers its machines one by one.
func (e engine) numbered(lookup Lookup) (imagelist.Shard, error) {
	index, err := number(lookup, e.index)
	if err != nil || e.count == "" {
		return imagelist.Shard{Index: index - e.first + 1}, err
	}
	count, err := number(lookup, e.count)
	if err != nil {
		return imagelist.Shard{}, err
	}
	if index < e.first || index >= e.first+count {
		return imagelist.Shard{}, fmt.Errorf("%s: the index is none of %d to %d", e.show(lookup), e.first, e.first+count-1)
	}
	return imagelist.Shard{Index: index - e.first + 1, Count: count}, nil
}

// number returns a variable that is a whole number.
func number(lookup Lookup, name string) (int, error) {
	n, err := strconv.ParseUint(lookup.get(name), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%s is no whole number", lookup.show(name))
	}
	return int(n), nil
}

// firstSpecialStep is the lowest number that Slurm gives to a step which is none of srun,
// such as the batch script (4294967291) and the shell of salloc (4294967290).
const firstSpecialStep = 4_294_967_280

// readSlurmTask returns the part of a task that srun started. The batch script of a job
// has the same variables as the first of the job's tasks, but is in no step of the job, or
// in a special one.
func readSlurmTask(e engine, lookup Lookup) (imagelist.Shard, error) {
	step, err := strconv.ParseUint(lookup.get("SLURM_STEP_ID"), 10, 64)
	if lookup.get("SLURM_JOB_ID") != "" && (err != nil || step >= firstSpecialStep) {
		return imagelist.Shard{}, fmt.Errorf("%s: this is the batch script or the shell of a job, and none of the job's tasks: start mvrun with srun", e.show(lookup))
	}
	return e.numbered(lookup)
}

// readSlurmArray returns the part of a task of a Slurm array. The array must have all
// numbers from the first to the last, in equal steps: nobody knows from the variables
// which place a task has in a list of numbers with holes.
func readSlurmArray(e engine, lookup Lookup) (imagelist.Shard, error) {
	values := make([]int, 5)
	var err error
	for i, name := range []string{slurmArrayID, slurmArrayMin, slurmArrayMax, slurmArrayStep, slurmArrayCount} {
		if values[i], err = number(lookup, name); err != nil {
			return imagelist.Shard{}, err
		}
	}
	id, first, last, step, count := values[0], values[1], values[2], values[3], values[4]
	switch {
	case step == 0 || first > last || (last-first)/step+1 != count:
		return imagelist.Shard{}, fmt.Errorf("%s: the array has holes, so nobody knows which of its parts this is: number its tasks without holes, as --array=1-%d does", e.show(lookup), max(count, 1))
	case id < first || id > last || (id-first)%step != 0:
		return imagelist.Shard{}, fmt.Errorf("%s: the index is none of %d to %d in steps of %d", e.show(lookup), first, last, step)
	}
	return imagelist.Shard{Index: (id-first)/step + 1, Count: count}, nil
}

// errNone is the error of auto where no engine says which part this is.
var errNone = func() error {
	var known []string
	for _, e := range engines {
		known = append(known, fmt.Sprintf("%s (%s)", e.index, e.name))
	}
	return errors.New("no variable of the environment says which part this is; mvrun knows " + strings.Join(known, ", "))
}()
