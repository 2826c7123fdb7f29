package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// TestRealCorruptChild damages a manifest in the storage of a docker-registry, which then
// answers 500 for it. Twelve tags lead to the manifest. All of them could not be checked,
// and only the first requests for the manifest are sent again.
func TestRealCorruptChild(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo")
	t.Setenv("HOME", t.TempDir()) // keeps the test from using credentials of this machine
	destination := startReal(t, false)
	origin := memory.New()
	server := httptest.NewServer(origin)
	defer server.Close()
	from := strings.TrimPrefix(server.URL, "http://")
	good := origin.PushImage("team/app", "", memory.Image{Platform: amd64, Content: "good"})
	bad := origin.PushImage("team/app", "", memory.Image{Platform: arm64, Content: "bad"})
	origin.PushList("team/app", "1", validate.TypeDockerList, good, bad)
	skopeo(t, []string{"--all"}, from+"/team/app:1", destination, "team/app:1")
	mediaType, list := destination.call(t, http.MethodGet, "team/app/manifests/1", "", nil)
	var lines strings.Builder
	for tag := 1; tag <= 12; tag++ {
		destination.call(t, http.MethodPut, fmt.Sprintf("team/app/manifests/%d", tag), mediaType, list)
		origin.PushList("team/app", fmt.Sprint(tag), validate.TypeDockerList, good, bad)
		fmt.Fprintf(&lines, "%s/team/app %s/team/app %d\n", from, destination.address, tag)
	}

	encoded := strings.TrimPrefix(bad.Digest, "sha256:")
	stored := filepath.Join(destination.dir, "docker/registry/v2/blobs/sha256", encoded[:2], encoded, "data")
	content, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	write(t, stored, strings.Replace(string(content), `"schemaVersion":2`, `"schemaVersion":X`, 1))

	status, out, records := mvrun(t, nil, lines.String(), "--tls-verify=false", "--debug", "-j", "1")
	if status != job.ExitUnchecked || len(records) != 12 {
		t.Errorf("exit status %d, %d records", status, len(records))
	}
	for name, got := range records {
		if got.Status != validate.Error || got.Reason != validate.Unreachable || !strings.Contains(got.Message, "reading the manifest of linux/arm64, "+bad.Digest+", of destination ") || !strings.Contains(got.Message, "500 Internal Server Error") {
			t.Errorf("%s: %s %s: %s", name, got.Status, got.Reason, got.Message)
		}
	}
	if n := strings.Count(out, "/manifests/"+bad.Digest+" 500"); n < 12 || n > 32 {
		t.Errorf("%d requests for the corrupt manifest, want 10 for the first image and 1 for each of the others", n)
	}
	if t.Failed() {
		t.Log(out)
	}
}
