package validate

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestInspect(t *testing.T) {
	layers := `"layers":[{"digest":"` + digestA + `","size":100},{"digest":"` + digestB + `","size":20}]`
	image := func(configType, more string) string {
		return fmt.Sprintf(`{"schemaVersion":2,%s"config":{"mediaType":%q,"digest":%q,"size":3},%s}`, more, configType, digestA, layers)
	}
	const config = `{"architecture":"arm64","os":"linux","created":"2024-05-06T07:08:09.5Z","config":{"Labels":{"team":"shop"}}}`
	created := time.Date(2024, 5, 6, 7, 8, 9, 500e6, time.UTC)
	for _, test := range []struct {
		name, body, config string
		size               int64 // -1 if the size is not known
		artifact           string
		annotation         string // the manifest's annotation "a"
		created            time.Time
	}{
		{name: "Docker image", body: image(typeDockerConfig, `"mediaType":"`+TypeDockerManifest+`",`), config: config, size: 123, created: created},
		{name: "OCI image", body: image(typeOCIConfig, `"annotations":{"a":"b"},"artifactType":"ignored",`), config: config, size: 123, annotation: "b", created: created},
		{name: "an invalid time", body: image(typeOCIConfig, ""), config: `{"created":"yesterday","config":null}`, size: 123},
		{name: "a chart", body: image("application/vnd.cncf.helm.config.v1+json", ""), size: 123, artifact: "application/vnd.cncf.helm.config.v1+json"},
		{name: "an artifact that says its type", body: image("application/vnd.oci.empty.v1+json", `"artifactType":"sbom",`), size: 123, artifact: "sbom"},
		{name: "sizes that overflow", body: strings.Replace(image(typeOCIConfig, ""), `"size":100`, `"size":9223372036854775807`, 1), config: config, size: math.MaxInt64, created: created},
		{name: "list", body: `{"schemaVersion":2,"annotations":{"a":"b"},"manifests":[]}`, size: -1, annotation: "b"},
		{name: "schema 1", body: strings.Replace(unsigned, `\"os\":\"linux\",`, `\"os\":\"linux\",\"created\":\"2024-05-06T07:08:09.5Z\",`, 1), size: -1, created: created},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := ParseManifest("", "sha256", []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if m.IsImage() != (test.config != "") {
				t.Errorf("an image: %v", m.IsImage())
			}
			i := Inspection{Manifest: m, Config: m.Schema1}
			if test.config != "" {
				if i.Config, err = ParseConfig([]byte(test.config)); err != nil {
					t.Fatal(err)
				}
			}
			size, known := i.Size()
			if known != (test.size >= 0) || known && size != test.size {
				t.Errorf("size %d, %v, want %d", size, known, test.size)
			}
			if got := i.ArtifactType(); got != test.artifact {
				t.Errorf("artifact type %q, want %q", got, test.artifact)
			}
			if got := i.Created(); !got.Equal(test.created) {
				t.Errorf("created %v, want %v", got, test.created)
			}
			if got := m.Annotations["a"]; got != test.annotation {
				t.Errorf("annotation %q, want %q", got, test.annotation)
			}
		})
	}
}
