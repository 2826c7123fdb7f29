package oracle

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// deployments are the examples whose commands these tests run as their engines run them.
// TestSlurm does the same with Slurm itself.
var deployments = []struct {
	engine string
	read   func(t *testing.T, destination string) deployment
}{
	{"Kubernetes", readKubernetes},
	{"GitLab", readGitLab},
	{"GitHub", readGitHub},
}

// deployment is what an engine starts.
type deployment struct {
	parts []process
	merge process
	// results are the files that a part hands to the merge, and outputs those
	// that the merge has to write. Both are patterns in the folder of a process.
	results, outputs []string
	failed           string // the merged failed list
	isShared         bool   // all processes work in one folder
}

// process is a process that an engine starts: its command, which is run in a folder, and its
// variables.
type process struct {
	command   []string
	variables []string
}

// TestDeployments validates a list in parts, and merges the parts, with the commands
// of the examples. The outcome is that of one run.
func TestDeployments(t *testing.T) {
	pairs := newPairs(t, 100)
	want := validate(t, pairs.list, "--rules", "content", "-q")
	if want.status != 1 || len(want.results) != 100 {
		t.Fatalf("one run: status %d, %d results", want.status, len(want.results))
	}
	for _, test := range deployments {
		t.Run(test.engine, func(t *testing.T) {
			deployment := test.read(t, pairs.destination)
			folder := t.TempDir() // of the merge
			for _, part := range deployment.parts {
				own := folder
				if !deployment.isShared {
					own = t.TempDir()
				}
				write(t, filepath.Join(own, "list.txt"), pairs.list)
				if status, log := part.run(t, own); status != 0 && status != 1 {
					t.Fatalf("a part ended with %d:\n%s", status, log)
				}
				if !deployment.isShared {
					for _, file := range match(t, own, deployment.results) {
						write(t, filepath.Join(folder, filepath.Base(file)), read(t, file))
					}
				}
			}
			parts := match(t, folder, deployment.results)
			if len(parts) != len(deployment.parts) {
				t.Fatalf("%d parts left %q", len(deployment.parts), parts)
			}
			compareResults(t, parts, want)

			lost := read(t, parts[2])
			if err := os.Remove(parts[2]); err != nil {
				t.Fatal(err)
			}
			if status, log := deployment.merge.run(t, folder); status != 2 {
				t.Errorf("the merge ends with %d although a part is lost:\n%s", status, log)
			}
			write(t, parts[2], lost)
			status, log := deployment.merge.run(t, folder)
			if status != want.status || verdict(log) != verdict(want.log) {
				t.Errorf("the merge ends with %d, one run with %d\n%s\none run:\n%s", status, want.status, log, want.log)
			}
			if failed := read(t, filepath.Join(folder, deployment.failed)); failed != want.failed {
				t.Errorf("the merged failed list is\n%s\nthat of one run\n%s", failed, want.failed)
			}
			match(t, folder, deployment.outputs)
		})
	}
}

// match returns the files in a folder that patterns match. Each pattern must match.
func match(t *testing.T, folder string, patterns []string) []string {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no file %s, %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

// run runs a process in a folder. FOLDER in its words and variables is this folder.
func (p process) run(t *testing.T, folder string) (status int, log string) {
	t.Helper()
	var words []string
	for _, word := range p.command {
		words = append(words, strings.ReplaceAll(word, "FOLDER", folder))
	}
	command := exec.CommandContext(t.Context(), words[0], words[1:]...)
	command.Dir = folder
	command.Env = []string{"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH"), "HOME=" + folder}
	for _, variable := range p.variables {
		command.Env = append(command.Env, strings.ReplaceAll(variable, "FOLDER", folder))
	}
	out, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(out)
}

// decode decodes a file of examples/deploy.
func decode(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join("../../examples/deploy", file))), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// kubernetesJob is what these tests read of a Job.
type kubernetesJob struct {
	Spec struct {
		Completions int
		Template    struct {
			Spec struct {
				Containers []struct {
					Args []string
					Env  []struct{ Name, Value string }
				}
			}
		}
	}
}

// readKubernetes returns the pods of the Jobs. Where a pod has mounted volumes, the tests
// have one folder. The pods may write nowhere else.
func readKubernetes(t *testing.T, _ string) deployment {
	var validate, report kubernetesJob
	decode(t, "kubernetes/validate.yaml", &validate)
	decode(t, "kubernetes/report.yaml", &report)
	d := deployment{
		results: []string{"mirror-1.*.jsonl"}, outputs: []string{"mirror-1.html"}, failed: "mirror-1.failed.txt", isShared: true,
		merge: report.pod(),
	}
	for index := range validate.Spec.Completions {
		pod := validate.pod()
		pod.variables = append(pod.variables, "JOB_COMPLETION_INDEX="+strconv.Itoa(index))
		d.parts = append(d.parts, pod)
	}
	return d
}

// pod returns the process of a pod of the Job.
func (j kubernetesJob) pod() process {
	container := j.Spec.Template.Spec.Containers[0]
	places := []string{"/results/", "FOLDER/", "/list/", "FOLDER/", "/login", "FOLDER"}
	// The root file system is read-only, so there is no folder for temporary files.
	pod := process{variables: []string{"TMPDIR=/nowhere", "KUBERNETES_SERVICE_HOST=10.0.0.1"}}
	words := places
	for _, variable := range container.Env {
		value := strings.NewReplacer(places...).Replace(variable.Value)
		pod.variables = append(pod.variables, variable.Name+"="+value)
		words = append(words, "$("+variable.Name+")", value)
	}
	replacer := strings.NewReplacer(words...)
	pod.command = []string{program} // the entry point of the image
	for _, word := range container.Args {
		pod.command = append(pod.command, replacer.Replace(word))
	}
	return pod
}

// gitlabJob is what these tests read of a job of GitLab.
type gitlabJob struct {
	Parallel  int
	Script    []string
	Artifacts struct {
		Paths   []string
		Reports map[string]string
	}
}

func readGitLab(t *testing.T, destination string) deployment {
	var pipeline struct {
		Variables      map[string]string
		Mirror, Report gitlabJob
	}
	decode(t, "gitlab-ci.yml", &pipeline)
	common := []string{"CI=true", "GITLAB_CI=true", "CI_PIPELINE_ID=4711"}
	for name := range pipeline.Variables {
		common = append(common, name+"="+destination) // DEST_REGISTRY
	}
	d := deployment{results: pipeline.Mirror.Artifacts.Paths, outputs: pipeline.Report.Artifacts.Paths, failed: "failed.txt"}
	for _, file := range pipeline.Report.Artifacts.Reports {
		d.outputs = append(d.outputs, file)
	}
	for index := range pipeline.Mirror.Parallel {
		variables := append([]string{
			fmt.Sprintf("CI_NODE_INDEX=%d", index+1), fmt.Sprintf("CI_NODE_TOTAL=%d", pipeline.Mirror.Parallel),
		}, common...)
		d.parts = append(d.parts, process{shell(pipeline.Mirror.Script...), variables})
	}
	d.merge = process{shell(pipeline.Report.Script...), append(common, "CI_NODE_TOTAL=1")}
	return d
}

// shell returns the command that runs lines as the engines run them: the first one that
// fails ends the job.
func shell(lines ...string) []string {
	return []string{"bash", "-e", "-c", strings.Join(lines, "\n")}
}

// githubJob is what these tests read of a job of GitHub.
type githubJob struct {
	Strategy struct{ Matrix struct{ Part []int } }
	Env      map[string]string
	Steps    []githubStep
}

type githubStep struct {
	Name, Uses, Run string
	Env             map[string]string
	With            struct{ Path string }
}

// find returns the step with a name or an action.
func (j githubJob) find(t *testing.T, name string) githubStep {
	t.Helper()
	for _, step := range j.Steps {
		if action, _, _ := strings.Cut(step.Uses, "@"); step.Name == name || action == name {
			return step
		}
	}
	t.Fatalf("no step %q", name)
	return githubStep{}
}

func readGitHub(t *testing.T, destination string) deployment {
	var workflow struct {
		Jobs struct{ Validate, Report githubJob }
	}
	decode(t, "github.yml", &workflow)
	validate, report := workflow.Jobs.Validate, workflow.Jobs.Report
	common := []string{"CI=true", "GITHUB_ACTIONS=true", "GITHUB_RUN_ID=4711", "GITHUB_STEP_SUMMARY=FOLDER/summary.md"}
	d := deployment{
		results: []string{validate.find(t, "actions/upload-artifact").With.Path},
		outputs: append(strings.Fields(report.find(t, "actions/upload-artifact").With.Path), "mirror.sarif", "summary.md"),
		failed:  "failed.txt",
		merge:   process{shell(report.find(t, "Report").Run), common},
	}
	step := validate.find(t, "Validate")
	total := len(validate.Strategy.Matrix.Part)
	for index := range total {
		expressions := strings.NewReplacer("${{ strategy.job-index }}", strconv.Itoa(index), "${{ strategy.job-total }}", strconv.Itoa(total))
		variables := append([]string{"DEST_REGISTRY=" + destination}, common...)
		for name, value := range step.Env {
			variables = append(variables, name+"="+expressions.Replace(value))
		}
		d.parts = append(d.parts, process{shell(step.Run), variables})
	}
	return d
}
