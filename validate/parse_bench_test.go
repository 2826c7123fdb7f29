package validate

import (
	"fmt"
	"testing"
)

// These benchmarks read what a run reads for each image: the manifest of an image with
// ten layers, and its config with a history.

func BenchmarkParseManifest(b *testing.B) {
	layers := make([]string, 10)
	for i := range layers {
		layers[i] = fmt.Sprint("layer ", i)
	}
	body := oci("linux/amd64", layers...).body()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseManifest(TypeOCIManifest, "sha256", body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseConfig(b *testing.B) {
	body := oci("linux/amd64", "a", "b", "c", "d").with(`{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin","VERSION=1.2.3"],` +
		`"Entrypoint":["/entrypoint.sh"],"Cmd":["run","--flag"],"WorkingDir":"/app","ExposedPorts":{"80/tcp":{},"443/tcp":{}},` +
		`"Labels":{"org.opencontainers.image.title":"app","org.opencontainers.image.version":"1.2.3","maintainer":"nobody"},"StopSignal":"SIGQUIT"}`).
		built("RUN /bin/sh -c apt-get update && apt-get install --no-install-recommends --no-install-suggests -y curl ca-certificates").configBody()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseConfig(body); err != nil {
			b.Fatal(err)
		}
	}
}
