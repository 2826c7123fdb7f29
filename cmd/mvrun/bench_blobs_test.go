package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mvrun/validate"
)

// These benchmarks measure a run at the depth data. Its images, in a repository each, share
// a base layer, and the destination stores each blob once.
//
//	go test -run '^$' -bench Blobs -benchtime 3x ./cmd/mvrun

const (
	blobImages = 20
	baseBytes  = 48 << 20 // of the base layer, unpacked
	ownBytes   = 12 << 20 // of each image's own layer, unpacked
	blobJobs   = 10
)

// BenchmarkBlobs compares a run with the least that proves every byte: each distinct blob
// is read and hashed once. With --shared-blobs a run should take at most 1.3 times that,
// and read at most 1.05 times the distinct bytes.
func BenchmarkBlobs(b *testing.B) {
	r := startRegistries(b, "mvrun-blobs")
	list := r.blobList(b, "1.0")
	blobs := r.blobs(b)
	for _, flag := range []string{"--shared-blobs=false", "--shared-blobs"} {
		b.Run(flag, func(b *testing.B) {
			var ratios, cpuRatios, times []float64
			var read blobTraffic
			for b.Loop() {
				b.StopTimer()
				started, cpu := time.Now(), cpuTime(b)
				if err := blobFloor(b.Context(), r, blobs); err != nil {
					b.Fatal(err)
				}
				least, leastCPU := time.Since(started), cpuTime(b)-cpu
				r.traffic(b)
				b.StartTimer()
				took, tookCPU := timeRun(b, "-f", list, "-j", strconv.Itoa(blobJobs), "-o", list+".failed", "--rules", "content", "--depth", "data", flag)
				b.StopTimer()
				read = r.traffic(b)
				ratios = append(ratios, took.Seconds()/least.Seconds())
				cpuRatios = append(cpuRatios, tookCPU.Seconds()/leastCPU.Seconds())
				times = append(times, least.Seconds())
				b.StartTimer()
			}
			b.ReportMetric(median(ratios), "×floor")
			b.ReportMetric(median(cpuRatios), "×floor-CPU")
			b.ReportMetric(median(times), "floor-s")
			read.report(b, blobs)
		})
	}
}

// BenchmarkUnpackedBlobs validates images that were compressed anew, so that their layers
// have to be unpacked. It compares a run with "gzip -dc | sha256sum" of the distinct layers.
func BenchmarkUnpackedBlobs(b *testing.B) {
	for _, program := range []string{"gzip", "sha256sum", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skip(err)
		}
	}
	r := startRegistries(b, "mvrun-blobs")
	list := r.blobList(b, "recompressed")
	blobs := r.blobs(b)
	packed := filepath.Join(b.TempDir(), "layers.gz") // gzip reads one file after another as one
	r.saveLayers(b, blobs, packed)
	for _, flag := range []string{"--shared-blobs=false", "--shared-blobs"} {
		b.Run(flag, func(b *testing.B) {
			var ratios, cpuRatios, times []float64
			var read blobTraffic
			for b.Loop() {
				b.StopTimer()
				least, leastCPU := timeGzip(b, packed)
				r.traffic(b)
				b.StartTimer()
				took, tookCPU := timeRun(b, "-f", list, "-j", strconv.Itoa(blobJobs), "-o", list+".failed", "--rules", "content", "--depth", "data", flag)
				b.StopTimer()
				read = r.traffic(b)
				unpacked := float64(read.Unpacked) / float64(baseBytes+blobImages*ownBytes)
				ratios = append(ratios, took.Seconds()/least.Seconds()/unpacked)
				cpuRatios = append(cpuRatios, tookCPU.Seconds()/leastCPU.Seconds()/unpacked)
				times = append(times, least.Seconds())
				b.StartTimer()
			}
			b.ReportMetric(median(ratios), "×gzip/byte")
			b.ReportMetric(median(cpuRatios), "×gzip-CPU/byte")
			b.ReportMetric(median(times), "gzip-s")
			read.report(b, blobs)
		})
	}
}

// timeGzip unpacks and hashes a file with other programs. It returns the time and the CPU
// time that they take.
func timeGzip(b *testing.B, packed string) (took, cpu time.Duration) {
	command := exec.Command("sh", "-c", "gzip -dc < "+packed+" | sha256sum")
	started := time.Now()
	if err := command.Run(); err != nil {
		b.Fatal(err)
	}
	return time.Since(started), command.ProcessState.UserTime() + command.ProcessState.SystemTime()
}

// blobFloor reads and hashes each distinct blob once over bare net/http.
func blobFloor(ctx context.Context, r *benchRegistries, blobs map[string]int64) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: blobJobs}}
	defer client.CloseIdleConnections()
	var readers errgroup.Group
	readers.SetLimit(blobJobs)
	for digest := range blobs {
		readers.Go(func() error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.destination+"/v2/team/app0/blobs/"+digest, nil)
			if err != nil {
				return err
			}
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			hash := sha256.New()
			if _, err := io.Copy(hash, response.Body); err != nil {
				return err
			}
			if got := fmt.Sprintf("sha256:%x", hash.Sum(nil)); got != digest {
				return fmt.Errorf("%s is %s", digest, got)
			}
			return nil
		})
	}
	return readers.Wait()
}

// blobList writes a list of all images with a tag, and returns its path.
func (r *benchRegistries) blobList(b *testing.B, tag string) string {
	var lines strings.Builder
	for i := range blobImages {
		fmt.Fprintf(&lines, "%s/team/app%d %s/team/app%d %s\n", r.source, i, r.destination, i, tag)
	}
	list := filepath.Join(b.TempDir(), "list.txt")
	write(b, list, lines.String())
	return list
}

// blobs returns the sizes of the distinct blobs by their digests.
func (r *benchRegistries) blobs(b *testing.B) (sizes map[string]int64) {
	r.decode(b, "/blobs", &sizes)
	return sizes
}

// blobTraffic is what the registries have sent of blobs.
type blobTraffic struct{ Gets, Heads, Bytes, Unpacked int64 }

// traffic returns the traffic since the last call.
func (r *benchRegistries) traffic(b *testing.B) (t blobTraffic) {
	r.decode(b, "/traffic", &t)
	return t
}

func (r *benchRegistries) decode(b *testing.B, path string, into any) {
	response, err := http.Get("http://" + r.destination + path)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		b.Fatal(err)
	}
}

func (t blobTraffic) report(b *testing.B, blobs map[string]int64) {
	var distinct int64
	for _, size := range blobs {
		distinct += size
	}
	b.ReportMetric(float64(t.Bytes)/float64(distinct), "×distinct-bytes")
	b.ReportMetric(float64(t.Gets), "GETs")
	b.ReportMetric(float64(t.Heads), "HEADs")
}

// saveLayers writes the distinct blobs that are layers to one file.
func (r *benchRegistries) saveLayers(b *testing.B, blobs map[string]int64, path string) {
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for digest, size := range blobs {
		if size < 1<<20 { // a config
			continue
		}
		response, err := http.Get("http://" + r.destination + "/v2/team/app0/blobs/" + digest)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(file, response.Body); err != nil {
			b.Fatal(err)
		}
		response.Body.Close()
	}
}

// serveBenchBlobs is the program "mvrun-blobs". It serves images with a base layer and a
// layer of their own. Under the tag "recompressed" the manifests differ between both
// registries: the source's name other layers, which nobody reads, and the same config.
func serveBenchBlobs() {
	destination := &benchBlobs{blobs: map[string][]byte{}, unpacked: map[string]int64{}, manifests: map[string][]byte{}}
	source := &benchBlobs{blobs: destination.blobs, unpacked: destination.unpacked, manifests: map[string][]byte{}}
	put := func(mediaType string, body []byte) map[string]any {
		digest := validate.Digest("sha256", body)
		destination.blobs[digest] = body
		return map[string]any{"mediaType": mediaType, "digest": digest, "size": len(body)}
	}
	layer := func(seed, size int) (descriptor, elsewhere map[string]any, diffID string) {
		plain := layerText(uint64(seed), size)
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
		w.Write(plain)
		w.Close()
		descriptor = put(typeLayer, packed.Bytes())
		destination.unpacked[descriptor["digest"].(string)] = int64(size)
		elsewhere = map[string]any{"mediaType": typeLayer, "digest": validate.Digest("sha256", fmt.Append(nil, "elsewhere ", seed)), "size": packed.Len()}
		return descriptor, elsewhere, validate.Digest("sha256", plain)
	}
	encode := func(v any) []byte {
		body, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return body
	}
	manifest := func(config any, layers ...any) []byte {
		return encode(map[string]any{"schemaVersion": 2, "mediaType": validate.TypeDockerManifest, "config": config, "layers": layers})
	}
	base, baseElsewhere, baseID := layer(0, baseBytes)
	for i := range blobImages {
		own, ownElsewhere, ownID := layer(1+i, ownBytes)
		config := put("application/vnd.docker.container.image.v1+json", encode(map[string]any{"architecture": "amd64", "os": "linux",
			"rootfs": map[string]any{"type": "layers", "diff_ids": []string{baseID, ownID}}}))
		path := fmt.Sprintf("/v2/team/app%d/manifests/", i)
		image := manifest(config, base, own)
		for _, path := range []string{path + "1.0", path + "recompressed", path + validate.Digest("sha256", image)} {
			source.manifests[path], destination.manifests[path] = image, image
		}
		source.manifests[path+"recompressed"] = manifest(config, baseElsewhere, ownElsewhere)
	}
	serveBoth(source, destination)
}

const typeLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"

// layerText returns bytes that are compressed about as well as those of most layers.
func layerText(seed uint64, size int) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	words := make([][]byte, 4000)
	for i := range words {
		words[i] = fmt.Appendf(nil, "%x", random.Uint64()>>(4*random.IntN(12)))
	}
	text := make([]byte, 0, size+32)
	for len(text) < size {
		text = append(append(text, words[random.IntN(len(words))]...), ' ')
	}
	return text[:size]
}

// benchBlobs is a registry whose repositories share all blobs.
type benchBlobs struct {
	blobs     map[string][]byte
	unpacked  map[string]int64  // sizes of layers, unpacked
	manifests map[string][]byte // by paths

	gets, heads, sent, plain atomic.Int64
}

func (r *benchBlobs) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	_, digest, isBlob := strings.Cut(request.URL.Path, "/blobs/")
	body, mediaType := r.blobs[digest], "application/octet-stream"
	if !isBlob {
		body, mediaType = r.manifests[request.URL.Path], validate.TypeDockerManifest
		w.Header().Set("Docker-Content-Digest", validate.Digest("sha256", body))
	}
	switch {
	case request.URL.Path == "/v2/":
		return
	case request.URL.Path == "/blobs":
		sizes := map[string]int{}
		for digest, body := range r.blobs {
			sizes[digest] = len(body)
		}
		json.NewEncoder(w).Encode(sizes)
		return
	case request.URL.Path == "/traffic":
		json.NewEncoder(w).Encode(blobTraffic{r.gets.Swap(0), r.heads.Swap(0), r.sent.Swap(0), r.plain.Swap(0)})
		return
	case body == nil:
		http.NotFound(w, request)
		return
	case isBlob && request.Method == http.MethodHead:
		r.heads.Add(1)
	case isBlob:
		r.gets.Add(1)
		r.sent.Add(int64(len(body)))
		r.plain.Add(r.unpacked[digest])
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if request.Method == http.MethodGet {
		w.Write(body)
	}
}
