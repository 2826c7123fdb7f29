package validate

import (
	"fmt"
	"strings"
	"testing"
)

// TestUntyped drops media types that nodes need from the destination's manifest.
func TestUntyped(t *testing.T) {
	digest := Digest("sha256", nil)
	parse := func(served, own, layer string) *Manifest {
		body := fmt.Sprintf(`{"schemaVersion":2%s,"config":{"digest":%q,"size":2,"mediaType":"application/vnd.oci.image.config.v1+json"},"layers":[{"digest":%q,"size":2%s}]}`, own, digest, digest, layer)
		m, err := ParseManifest(served, "sha256", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	const dockerType, ociType, gzip = `,"mediaType":"` + TypeDockerManifest + `"`, `,"mediaType":"` + TypeOCIManifest + `"`, `,"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip"`
	source := parse(TypeDockerManifest, dockerType, gzip)
	for _, c := range []struct {
		name     string
		from, to *Manifest
		want     string
	}{
		{"the same types", source, source, ""},
		{"an OCI image, which needs none", source, parse(TypeOCIManifest, "", gzip), ""},
		{"a Docker image", source, parse(TypeDockerManifest, "", gzip), "does not say its media type"},
		{"a Docker image, also at the source", parse(TypeDockerManifest, "", gzip), parse(TypeDockerManifest, "", gzip), ""},
		{"a layer", source, parse(TypeOCIManifest, ociType, ""), "layer 1: it has no media type"},
		{"a layer, also at the source", parse(TypeOCIManifest, ociType, ""), parse(TypeOCIManifest, ociType, ""), ""},
	} {
		if p := untyped(c.from, c.to); c.want == "" && p != nil || c.want != "" && (p == nil || !strings.Contains(p.message, c.want)) {
			t.Errorf("%s: %v, want %q", c.name, p, c.want)
		}
	}
}
