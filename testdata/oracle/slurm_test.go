package oracle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slurmTest is a cluster, and a list to validate there.
type slurmTest struct {
	*slurm
	pairs pairs
	dir   string  // where users stand
	want  outcome // of one run
}

// TestSlurm runs the files of examples/deploy/slurm on a cluster of one machine.
func TestSlurm(t *testing.T) {
	test := slurmTest{slurm: startSlurm(t), pairs: newPairs(t, 2000), dir: t.TempDir()}
	write(t, filepath.Join(test.dir, "list.txt"), test.pairs.list)
	test.want = validate(t, test.pairs.list, "--rules", "content", "-q")
	if want := test.want; want.status != 1 || len(want.results) != 2000 || strings.Count(want.failed, "\n") != 80 {
		t.Fatalf("one run: status %d, %d results, this failed list:\n%s", want.status, len(want.results), want.failed)
	}
	t.Run("whole", func(t *testing.T) {
		array, merge := test.submit(t, test.dir, "whole")
		test.wait(t, array, merge)
		test.checkMerge(t, merge, "whole")
	})
	t.Run("killed", func(t *testing.T) {
		test.endEarly(t, "killed", `part 3 of 4 .* has no end`, func(array string) {
			if err := syscall.Kill(test.process(t, array, 2), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("out of time", func(t *testing.T) {
		test.endEarly(t, "out-of-time", `part 3 of 4 .* was interrupted`, func(array string) {
			test.run(t, test.dir, "scancel", "--batch", "--signal=TERM", array+"_2") // as Slurm does
		})
	})
}

// endEarly ends the third of four tasks in the middle of its work. The merge refuses the
// part with the given words. Then the task is requeued, and must go on where it ended.
func (s slurmTest) endEarly(t *testing.T, folder, words string, end func(array string)) {
	t.Helper()
	// The whole run had the same parts.
	held := s.pairs.watch.hold(imageInTheMiddle(t, filepath.Join(s.dir, "whole", "r.3-of-4.jsonl")))
	array, merge := s.submit(t, s.dir, folder)
	select {
	case <-held:
	case <-s.ctx.Done():
		t.Fatal("task 2 has not asked for the image that was to be held")
	}
	end(array)
	s.wait(t, array, merge)
	log := read(t, filepath.Join(s.dir, folder, "merge.log"))
	if status := s.status(t, merge); status != "2:0" || !regexp.MustCompile(words).MatchString(log) {
		t.Errorf("the merge has the status %s, want 2:0 and %q:\n%s", status, words, log)
	}
	if _, err := os.Stat(filepath.Join(s.dir, folder, "failed.txt")); err == nil {
		t.Error("the merge wrote a failed list without having all parts")
	}

	results := filepath.Join(s.dir, folder, "r.3-of-4.jsonl")
	before := readResults(t, results)
	s.pairs.watch.restart()
	again := s.requeue(t, s.dir, folder, array, 2)
	s.wait(t, array, again)
	s.checkMerge(t, again, folder)
	if passed := countPassed(before); passed == 0 || passed == countPassed(readResults(t, results)) {
		t.Errorf("%d images had passed when the task ended", passed)
	}
	for repository, result := range before {
		if result.Status == "pass" && s.pairs.watch.hasSeen(repository) {
			t.Fatalf("%s passed before the task ended, and was asked again", repository)
		}
	}
}

// checkMerge compares what a merge left in a folder with the outcome of one run.
func (s slurmTest) checkMerge(t *testing.T, merge, folder string) {
	t.Helper()
	folder = filepath.Join(s.dir, folder)
	want := s.want
	log := read(t, filepath.Join(folder, "merge.log"))
	if got := s.status(t, merge); got != fmt.Sprintf("%d:0", want.status) {
		t.Errorf("the merge has the status %s, and one run %d:\n%s", got, want.status, log)
	}
	if failed := read(t, filepath.Join(folder, "failed.txt")); failed != want.failed {
		t.Errorf("the merged failed list is\n%s\nthat of one run\n%s", failed, want.failed)
	}
	if got, want := verdict(log), verdict(want.log); got != want || got == "" {
		t.Errorf("the merge ends with\n%s\nand one run with\n%s", got, want)
	}
	parts, err := filepath.Glob(filepath.Join(folder, "r.*.jsonl"))
	if err != nil || len(parts) != 4 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	compareResults(t, parts, want)
}

// compareResults compares what parts say of each image with what one run says.
func compareResults(t *testing.T, parts []string, want outcome) {
	t.Helper()
	got := map[string]result{}
	for _, part := range parts {
		for repository, r := range readResults(t, part) {
			if _, twice := got[repository]; twice {
				t.Errorf("%s is in two parts", repository)
			}
			got[repository] = r
		}
	}
	for repository, r := range want.results {
		if part := got[repository]; part.Status != r.Status || part.Reason != r.Reason || part.Match != r.Match || part.Message != r.Message {
			t.Errorf("%s: the part says %+v, and one run %+v", repository, part, r)
		}
	}
	if len(got) != len(want.results) {
		t.Errorf("the parts have %d images, and one run has %d", len(got), len(want.results))
	}
}

// verdict returns what a log says at its end of all images together: those that did not
// pass, and how many did. Times, the number of requests, and names of files are left out.
func verdict(log string) string {
	_, text, _ := strings.Cut(log, "\nNot passed:\n")
	text, _, _ = strings.Cut(text, "\nDepth ") // where only a run has a hint
	return regexp.MustCompile(`(?m)^( *(?:and )?\d+ (?:images|more),?) in .*`).ReplaceAllString(text, "$1")
}

// imageInTheMiddle returns the repository in the middle of a results file.
func imageInTheMiddle(t *testing.T, file string) string {
	t.Helper()
	lines := strings.Split(read(t, file), "\n")
	found := regexp.MustCompile(`"source":"[^/]+/([^"]+)"`).FindStringSubmatch(lines[len(lines)/2])
	if found == nil {
		t.Fatalf("%s: no image in %q", file, lines[len(lines)/2])
	}
	return found[1]
}

func countPassed(results map[string]result) int {
	passed := 0
	for _, r := range results {
		if r.Status == "pass" {
			passed++
		}
	}
	return passed
}

// submit submits the two jobs as a user does, and returns their numbers.
func (s *slurm) submit(t *testing.T, dir, folder string) (array, merge string) {
	t.Helper()
	out := s.run(t, dir, filepath.Join(slurmFiles(t), "submit.sh"), "list.txt", "4", folder)
	numbers := regexp.MustCompile(`job (\d+)\b.*job (\d+)\b`).FindStringSubmatch(out)
	if numbers == nil {
		t.Fatalf("submit.sh printed %q", out)
	}
	return numbers[1], numbers[2]
}

// requeue starts a task again and has the parts merged again, as the comment in
// submit.sh says. It returns the number of the new merge.
func (s *slurm) requeue(t *testing.T, dir, folder, array string, task int) string {
	t.Helper()
	name := array + "_" + strconv.Itoa(task)
	s.run(t, dir, "scontrol", "requeue", name)
	// Slurm waits two minutes before it starts a requeued task.
	s.run(t, dir, "scontrol", "update", "JobId="+name, "StartTime=now")
	out := s.run(t, dir, "sbatch", "--parsable", "--dependency=afterany:"+array, "--output="+folder+"/merge.log",
		filepath.Join(slurmFiles(t), "merge.sbatch"), folder)
	return strings.TrimSpace(out)
}

// wait waits until jobs have ended.
func (s *slurm) wait(t *testing.T, jobs ...string) {
	t.Helper()
	s.poll(t, "the jobs to end", func() bool {
		return s.run(t, s.dir, "squeue", "--noheader", "--jobs="+strings.Join(jobs, ",")) == ""
	})
}

// status returns the exit status of a job and the signal that ended it, such as 1:0.
func (s *slurm) status(t *testing.T, job string) string {
	t.Helper()
	out := s.run(t, s.dir, "scontrol", "show", "job", job)
	found := regexp.MustCompile(`ExitCode=(\S+)`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no exit status in\n%s", out)
	}
	return found[1]
}

// process returns the number of the process in which mvrun runs a task.
func (s *slurm) process(t *testing.T, array string, task int) int {
	t.Helper()
	for _, id := range s.processes(t) {
		environment := processEnvironment(id)
		executable, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", id))
		if executable == program && strings.Contains(environment, "\x00SLURM_ARRAY_JOB_ID="+array+"\x00") &&
			strings.Contains(environment, fmt.Sprintf("\x00SLURM_ARRAY_TASK_ID=%d\x00", task)) {
			return id
		}
	}
	t.Fatalf("task %d of job %s has no process", task, array)
	return 0
}

// poll asks a command of Slurm until it gives the answer that the test waits for.
func (s *slurm) poll(t *testing.T, what string, isDone func() bool) {
	t.Helper()
	for ticker := time.NewTicker(100 * time.Millisecond); !isDone(); {
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			t.Fatalf("waiting for %s: %v", what, context.Cause(s.ctx))
		}
	}
}
