package job

import (
	"os"
	"strings"
	"testing"

	"mvrun/cmd/mvrun/internal/shard"
	"mvrun/engine/imagelist"
	"mvrun/starlib"
)

// part is a part of the list as Config has it.
func part(index, count int) shard.Choice {
	return shard.Choice{Shard: imagelist.Shard{Index: index, Count: count}, From: "the test"}
}

// TestShared shows that the parts of a list share what a script allows.
func TestShared(t *testing.T) {
	settings := starlib.RegistrySettings{Endpoint: "e.example", RequestsPerSecond: 5, MaxRequests: 8}
	if got := (&Config{Shard: part(3, 8)}).shared(settings); got.RequestsPerSecond != 0.625 || got.MaxRequests != 8 || got.Endpoint != "e.example" {
		t.Errorf("a part gets %+v", got)
	}
	if got := (&Config{}).shared(settings); got.RequestsPerSecond != 5 {
		t.Errorf("a run of the whole list gets %+v", got)
	}
	if got := (&Config{Shard: part(3, 8)}).shared(starlib.RegistrySettings{}); got.RequestsPerSecond != 0 {
		t.Errorf("without a limit, a part gets %v requests a second", got.RequestsPerSecond)
	}
}

// TestNameParts shows that the names of all files that a run writes may have the part,
// also those of reports, and that a file that it reads has its name unchanged.
func TestNameParts(t *testing.T) {
	c := Config{Shard: part(3, 8), List: "{shard}.txt", Failed: FailedListOfPart, Results: "{shard}/r.{shard}.jsonl",
		Reports: []Report{{Flag: "--report", Path: "r.{shard}.html"}, {Flag: "--report", Path: "r.xml"}, {Flag: "--gitlab", Path: "q.{shard}.json"}}}
	if err := c.nameParts(c.files()); err != nil {
		t.Fatal(err)
	}
	got := strings.Join([]string{c.List, c.Failed, c.Results, c.Reports[0].Path, c.Reports[1].Path, c.Reports[2].Path}, " ")
	if want := "{shard}.txt mirror-validate-failed.3-of-8.txt 3-of-8/r.3-of-8.jsonl r.3-of-8.html r.xml q.3-of-8.json"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !isOwnName(c.Failed) {
		t.Errorf("%s is no failed list", c.Failed)
	}
	whole := Config{Failed: "f.txt", Reports: []Report{{Flag: "--report", Path: "r.{shard}.html"}}}
	if err := whole.nameParts(whole.files()); err == nil || !strings.Contains(err.Error(), "--report r.{shard}.html: {shard} stands for a part of the list") {
		t.Errorf("without --shard: %v", err)
	}
}

// TestRunOfPart runs both parts of a list, one of which fails.
func TestRunOfPart(t *testing.T) {
	statuses := map[int]int{}
	for index := 1; index <= 2; index++ {
		c, stderr := newConfig(t)
		c.Shard, c.Failed = part(index, 2), FailedListOfPart
		status, err := Run(t.Context(), c)
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		statuses[status]++
		_, err = os.Stat("mirror-validate-failed.1-of-2.txt")
		if isWritten := err == nil; isWritten != (status == ExitFailed && index == 1) {
			t.Errorf("part %d ends with %d, and has a failed list: %v", index, status, isWritten)
		}
	}
	if statuses[ExitFailed] != 1 || statuses[ExitOK] != 1 {
		t.Errorf("the parts end with %v", statuses)
	}
}

// TestRunID shows whose variables tell the id that the parts of a run share.
func TestRunID(t *testing.T) {
	for variables, want := range map[string]string{
		"MVRUN_RUN_ID=mine SLURM_ARRAY_JOB_ID=7":       "mine MVRUN_RUN_ID",
		"SLURM_JOB_ID=9 SLURM_ARRAY_JOB_ID=7":          "7 SLURM_ARRAY_JOB_ID",
		"AWS_BATCH_JOB_ID=4f2e-a:3":                    "4f2e-a AWS_BATCH_JOB_ID",
		"AWS_BATCH_JOB_ID=4f2e-a#3":                    "4f2e-a AWS_BATCH_JOB_ID",
		"AWS_BATCH_JOB_ID=4f2e-a":                      "4f2e-a AWS_BATCH_JOB_ID",
		"CLOUD_RUN_EXECUTION=job-x7 CLOUD_RUN_JOB=job": "job-x7 CLOUD_RUN_EXECUTION",
		"CI_PIPELINE_ID=88 CI_JOB_ID=1":                "88 CI_PIPELINE_ID",
		"GITHUB_RUN_ID=5 GITHUB_RUN_ATTEMPT=2":         "5 GITHUB_RUN_ID",
		"MVRUN_RUN_ID= GITHUB_RUN_ID=5":                "5 GITHUB_RUN_ID",
	} {
		set := map[string]string{}
		for variable := range strings.FieldsSeq(variables) {
			name, value, _ := strings.Cut(variable, "=")
			set[name] = value
		}
		id, from := runID(func(name string) string { return set[name] })
		if got := id + " " + from; got != want {
			t.Errorf("%s: %s, want %s", variables, got, want)
		}
	}
	none := func(string) string { return "" }
	first, from := runID(none)
	if second, _ := runID(none); first == second || from != "random" {
		t.Errorf("without a variable: %s twice, from %s", first, from)
	}
}
