package manifests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchscheme "k8s.io/kubernetes/pkg/apis/batch/v1"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	corescheme "k8s.io/kubernetes/pkg/apis/core/v1"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/features"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// scheme sets the defaults of objects, and converts them to the types that the API server
// validates.
var scheme = newScheme()

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{batchscheme.AddToScheme, corescheme.AddToScheme, batch.AddToScheme, core.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return scheme
}

// TestKubernetes decodes the manifests strictly, and validates them as the API server does.
func TestKubernetes(t *testing.T) {
	checkFile(t, "kubernetes/validate.yaml", checkObjects,
		change{"backoffLimitPerIndex: 1", "backoffLimitPerIndexes: 1"},
		change{"completionMode: Indexed", "completionMode: NonIndexed"},
		change{"containerName: mvrun", "containerName: mirror"},
		change{"values: [1, 2]", "values: [2, 1]"},
		change{"values: [1, 2]", "values: [0, 1, 2]"},
		change{"restartPolicy: Never", "restartPolicy: OnFailure"},
		change{"podReplacementPolicy: Failed", "podReplacementPolicy: TerminatingOrFailed"},
		change{"- name: results\n              mountPath", "- name: result\n              mountPath"},
		change{"memory: 128Mi", "memory: 1Gi"}, // more than the limit
		change{"runAsNonRoot: true", "runAsNonRoot: false"},
		change{"allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"},
	)
	checkFile(t, "kubernetes/report.yaml", checkObjects,
		change{"drop: [ALL]", "drop: [NET_RAW]"},
		change{"claimName: ", "claim: "},
	)
	checkFile(t, "kubernetes/volume.yaml", checkObjects, change{"[ReadWriteMany]", "[ReadWriteAll]"})
	checkFile(t, "kubernetes/list.yaml", checkObjects, change{"list.txt: |", "list/txt: |"})
}

// checkObjects checks all documents of a manifest.
func checkObjects(content string) error {
	for document := range strings.SplitSeq(content, "\n---\n") {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			return err
		}
		var err error
		switch kind.APIVersion + " " + kind.Kind {
		case "batch/v1 Job":
			err = checkJob(document)
		case "v1 PersistentVolumeClaim":
			var object core.PersistentVolumeClaim
			if err = decode(document, &corev1.PersistentVolumeClaim{}, &object); err == nil {
				err = corevalidation.ValidatePersistentVolumeClaim(&object, corevalidation.PersistentVolumeClaimSpecValidationOptions{}).ToAggregate()
			}
		case "v1 ConfigMap":
			var object core.ConfigMap
			if err = decode(document, &corev1.ConfigMap{}, &object); err == nil {
				err = corevalidation.ValidateConfigMap(&object).ToAggregate()
			}
		default:
			err = fmt.Errorf("%s %s is not expected", kind.APIVersion, kind.Kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decode decodes a document strictly into an object of the API, completes it as the API
// server does, and converts it. Rules that are written at the fields of the object are
// checked here. Those that are code are checked by the caller.
func decode(document string, object metav1.Object, into any) error {
	if err := yaml.UnmarshalStrict([]byte(document), object); err != nil {
		return err
	}
	complete(object)
	gates := map[string]bool{string(features.WorkloadWithJob): false} // the gate that the rules ask for
	if found := scheme.Validate(context.Background(), gates, object.(runtime.Object)); len(found) > 0 {
		return found.ToAggregate()
	}
	return scheme.Convert(object, into, nil)
}

// complete sets what the API server sets in a new object, and the defaults.
func complete(object metav1.Object) {
	object.SetNamespace("default")
	object.SetUID(types.UID("9ae2a1b3-0000-4000-8000-000000000000"))
	if job, ok := object.(*batchv1.Job); ok {
		job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{batchv1.ControllerUidLabel: string(job.UID)}}
		job.Spec.Template.Labels = map[string]string{
			"controller-uid": string(job.UID), batchv1.ControllerUidLabel: string(job.UID),
			"job-name": job.Name, batchv1.JobNameLabel: job.Name,
		}
	}
	scheme.Default(object.(runtime.Object))
}

// checkJob validates a Job, and its pods by the level "restricted" of the Pod Security
// Standards.
func checkJob(document string) error {
	var external batchv1.Job
	var job batch.Job
	if err := decode(document, &external, &job); err != nil {
		return err
	}
	options := batchvalidation.JobValidationOptions{
		PodValidationOptions: pod.GetValidationOptionsFromPodTemplate(&job.Spec.Template, nil), RequirePrefixedLabels: true,
	}
	if found := batchvalidation.ValidateJobCreate(&job, options); len(found) > 0 {
		return found.ToAggregate()
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(level, &external.Spec.Template.ObjectMeta, &external.Spec.Template.Spec) {
		if !result.Allowed {
			return errors.New(result.ForbiddenReason + ": " + result.ForbiddenDetail)
		}
	}
	return nil
}

// readJob returns the Job of a manifest.
func readJob(t *testing.T, file string) batchv1.Job {
	t.Helper()
	var job batchv1.Job
	if err := yaml.UnmarshalStrict([]byte(read(t, file)), &job); err != nil {
		t.Fatal(err)
	}
	complete(&job)
	return job
}

// TestKubernetesParts checks what the API server cannot know: that the manifests agree.
func TestKubernetesParts(t *testing.T) {
	validate, report := readJob(t, "kubernetes/validate.yaml"), readJob(t, "kubernetes/report.yaml")
	parts := int(*validate.Spec.Completions)
	validator, reporter := validate.Spec.Template.Spec.Containers[0], report.Spec.Template.Spec.Containers[0]
	if !slices.Contains(validator.Args, "--shard=auto/"+strconv.Itoa(parts)) {
		t.Errorf("there are %d completions, and the arguments are %q", parts, validator.Args)
	}
	if most := *validate.Spec.MaxFailedIndexes; int(most) != parts {
		t.Errorf("the Job ends after %d of %d parts have failed", most, parts)
	}
	results := argument(t, validator.Args, "--results=")
	for i := range parts {
		part := strings.ReplaceAll(results, "{shard}", fmt.Sprintf("%d-of-%d", i+1, parts))
		if !slices.Contains(reporter.Args, part) {
			t.Errorf("the merge does not read %s", part)
		}
	}
	if !slices.Equal(validator.Env[:1], reporter.Env[:1]) || validator.Env[0].Value != validate.Name || report.Name != validate.Name+"-report" {
		t.Errorf("the Jobs %s and %s have the runs %v and %v", validate.Name, report.Name, validator.Env[0], reporter.Env[0])
	}
	if validator.Image != reporter.Image {
		t.Errorf("the images are %s and %s", validator.Image, reporter.Image)
	}
	claim, list := read(t, "kubernetes/volume.yaml"), read(t, "kubernetes/list.yaml")
	for _, volume := range slices.Concat(validate.Spec.Template.Spec.Volumes, report.Spec.Template.Spec.Volumes) {
		if v := volume.PersistentVolumeClaim; v != nil && !strings.Contains(claim, "\n  name: "+v.ClaimName+"\n") {
			t.Errorf("volume.yaml has no %s", v.ClaimName)
		}
		if v := volume.ConfigMap; v != nil && !strings.Contains(list, "\n  name: "+v.Name+"\n") {
			t.Errorf("list.yaml has no %s", v.Name)
		}
	}
}

// argument returns the value of a flag.
func argument(t *testing.T, arguments []string, flag string) string {
	t.Helper()
	for _, argument := range arguments {
		if value, ok := strings.CutPrefix(argument, flag); ok {
			return value
		}
	}
	t.Fatalf("no %s in %q", flag, arguments)
	return ""
}

// TestKubernetesExitCodes says which exit codes of mvrun are worth a second try of their part.
// Codes that no rule of the policy names are counted against backoffLimitPerIndex.
func TestKubernetesExitCodes(t *testing.T) {
	job := readJob(t, "kubernetes/validate.yaml")
	if *job.Spec.BackoffLimitPerIndex < 1 {
		t.Error("no part has a second try")
	}
	for code, want := range map[int32]bool{1: false, 2: false, 3: true, 130: true, 137: true} {
		again := true
		for _, rule := range job.Spec.PodFailurePolicy.Rules {
			if rule.OnExitCodes == nil {
				continue
			}
			if rule.Action != batchv1.PodFailurePolicyActionFailIndex || rule.OnExitCodes.Operator != batchv1.PodFailurePolicyOnExitCodesOpIn {
				t.Errorf("this test does not know the rule %v", rule)
			}
			again = again && !slices.Contains(rule.OnExitCodes.Values, code)
		}
		if again != want {
			t.Errorf("%d: a second try is %v", code, again)
		}
	}
}
