// Package manifests holds the files of examples/deploy to what their engines accept: the
// types and the validation of the Kubernetes API server, GitLab's schema of its pipelines,
// and a linter of GitHub's workflows. The recipes for pipelines in the reference are held to
// the same. The code of Kubernetes is large, so the package is in a module of its own.
//
// The tests of testdata/oracle run the commands of these files.
package manifests
