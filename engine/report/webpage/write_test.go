package webpage

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mvrun/engine/results"
	"mvrun/validate"
)

var moment = time.Date(2026, 11, 25, 21, 14, 3, 0, time.UTC)

// writeResults writes a results file.
func writeResults(t testing.TB, records []results.Record, end results.End) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.jsonl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	buffered := bufio.NewWriter(file)
	lines := json.NewEncoder(buffered)
	header := results.Header{Type: results.TypeRun, Format: results.Format, Run: "7", RunFrom: "CI_PIPELINE_ID", Version: "0.2.0", List: "lists/production.txt", ListSHA256: new(hashText("list")), ListLines: new(len(records)),
		Script: "validate.star", ScriptSHA256: hashText("script"), Started: moment,
		Question: results.Question{Rules: validate.Content, Depth: validate.Blobs, Arch: []string{"amd64", "arm64"}, OS: []string{"linux", "windows"}, Sample: "100%"}}
	values := []any{header}
	if err := lines.Encode(values[0]); err != nil {
		t.Fatal(err)
	}
	for i := range records {
		if err := lines.Encode(&records[i]); err != nil {
			t.Fatal(err)
		}
	}
	if end.Type != "" {
		end.Finished = moment.Add(time.Duration(end.DurationMS) * time.Millisecond)
		if err := lines.Encode(end); err != nil {
			t.Fatal(err)
		}
	}
	if err := buffered.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func digest(words ...any) *string { return new("sha256:" + hashText(fmt.Sprint(words...))) }

// passed returns the record of an image that passed.
func passed(number int) results.Record {
	registry := []string{"registry.corp.example", "harbor.fra.corp.example", "mirror-eu-west-1.corp.example:5000", "quay.lab.example"}[number%4]
	source := []string{"docker.io/library/nginx", "docker.io/rancher/hyperkube", "quay.io/prometheus/node-exporter", "gcr.io/kubebuilder/kube-rbac-proxy", "registry.k8s.io/ingress-nginx/controller"}[number/7%5]
	_, path, _ := strings.Cut(source, "/")
	source, path = fmt.Sprintf("%s-%d", source, number/40), fmt.Sprintf("%s-%d", path, number/40)
	tag := fmt.Sprintf("v1.%d.%d", number%40, number%7)
	r := results.Record{Type: results.TypeImage, List: "lists/production.txt", Number: number, LineNumber: number + 3, Source: source, Destination: registry + "/" + path, SourceTag: tag, DestinationTag: tag, Tag: tag,
		Status: validate.Pass, Match: validate.Identical, SourceDigest: digest(number), DestinationDigest: digest(number),
		Rules: validate.Content, Depth: validate.Blobs, Attempts: 1, Requests: 4, Started: moment.Add(time.Duration(number*37) * time.Millisecond), DurationMS: int64(40 + number*7919%900)}
	r.Line = source + " " + registry + "/" + path + " " + tag
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		r.Platforms = append(r.Platforms, results.Platform{Platform: platform, Wanted: true, Source: digest(number, platform), Destination: digest(number, platform), Match: validate.Identical})
	}
	return r
}

// failed returns the record of an image that failed, or could not be checked.
func failed(number int, status validate.Status, reason validate.Reason, message string) results.Record {
	r := passed(number)
	r.Status, r.Reason, r.Message, r.Match = status, reason, message, ""
	r.Platforms[0].Match, r.Platforms[1].Match = "", ""
	switch reason {
	case validate.DestinationMissing:
		r.DestinationDigest = nil
		for i := range r.Platforms {
			r.Platforms[i].Destination, r.Platforms[i].Reason = nil, reason
		}
		r.Missing = []validate.Object{{Digest: *r.SourceDigest, Kind: validate.KindManifest}}
	case validate.PlatformMissing:
		r.DestinationDigest = digest("old", number)
		r.Platforms[0].Match = validate.Identical
		r.Platforms[1].Destination, r.Platforms[1].Reason = nil, reason
		r.Missing = []validate.Object{{Digest: *r.Platforms[1].Source, Kind: validate.KindManifest, Platform: "linux/arm64"}}
	case validate.BlobCorrupt:
		r.Platforms[0].Match = validate.Identical
		r.Platforms[1].Reason, r.Platforms[1].Message = reason, "layer 3 is corrupt"
		r.Corrupt = []validate.Object{{Digest: *digest("layer", number), Kind: validate.KindLayer, Platform: "linux/arm64", Layer: 3}}
	case validate.DigestDiffers:
		r.DestinationDigest = digest("old", number)
		for i := range r.Platforms {
			r.Platforms[i].Destination, r.Platforms[i].Reason, r.Platforms[i].Message = digest("old", number, i), reason, "layer 1: "+*digest(1, number)+" != "+*digest(2, number)
		}
	default:
		r.SourceDigest, r.DestinationDigest, r.Platforms = nil, nil, nil
	}
	return r
}

// mixed returns the records of a run in which some images failed.
func mixed(n int) []results.Record {
	records := make([]results.Record, n)
	for i := range records {
		number := i + 1
		switch {
		case number%97 == 5:
			records[i] = failed(number, validate.Fail, validate.DestinationMissing, "destination manifest does not exists")
		case number%97 == 30 && number%4 != 0:
			records[i] = failed(number, validate.Fail, validate.PlatformMissing, "the destination does not have platform linux/arm64")
		case number%97 == 40 && number%4 == 1:
			records[i] = failed(number, validate.Fail, validate.DigestDiffers, "linux/amd64: layer 1: "+*digest(1, number)+" != "+*digest(2, number)+", and the configs say that their uncompressed contents differ")
		case number%397 == 50:
			records[i] = failed(number, validate.Fail, validate.BlobCorrupt, "linux/arm64: layer 3 is corrupt")
		case number%397 == 60:
			records[i] = failed(number, validate.Error, validate.Unauthorized, "asking registry.corp.example for the manifest: 401 Unauthorized: authentication required")
		case number%397 == 61:
			records[i] = failed(number, validate.Error, validate.Unreachable, "asking quay.lab.example for the manifest: dial tcp: lookup quay.lab.example: no such host")
		case number%397 == 62:
			records[i] = failed(number, validate.Skip, validate.NoPlatform, "source does not have OS [linux,windows], arch [amd64,arm64]; it has only linux/s390x")
		case number%397 == 63:
			records[i] = failed(number, validate.Fail, validate.DigestDiffers, "linux/amd64: layer 1 differs")
			records[i].Waived = new("known: the vendor rebuilds this image every night")
		case number%397 == 64:
			records[i] = passed(number)
			records[i].Status, records[i].Reason, records[i].Match, records[i].Rejected = validate.Fail, validate.Rejected, "", new("it has no signature")
		case number%397 == 65:
			records[i] = failed(number, validate.Error, validate.InvalidLine, "a line has one to three words, and this one has 5")
			records[i].Source, records[i].Destination, records[i].SourceTag, records[i].DestinationTag, records[i].Tag, records[i].Rules, records[i].Depth = "", "", "", "", "", "", ""
			records[i].Line = "this is not an image"
		case number%5 == 4:
			records[i] = passed(number)
			records[i].Match, records[i].DestinationDigest = validate.SamePlatforms, digest("new", number)
		case number%11 == 4:
			records[i] = passed(number)
			records[i].Platforms = records[i].Platforms[:1]
		default:
			records[i] = passed(number)
		}
	}
	return records
}

// ended returns the end of a run over records.
func ended(records []results.Record) results.End {
	end := results.End{Type: results.TypeEnd, Status: 1, OwnStatus: 1, Images: len(records), Lines: len(records), Requests: 4 * len(records), DurationMS: 192_000, FailedList: "mirror-validate-failed.txt"}
	counts := map[validate.Status]*int{validate.Pass: &end.Pass, validate.Fail: &end.Fail, validate.Skip: &end.Skip, validate.Error: &end.Error}
	for _, record := range records {
		if record.Waived != nil {
			end.Waived++
		} else {
			*counts[record.Status]++
		}
	}
	return end
}

// advice is that of a test.
var advice = map[validate.Reason]string{
	validate.DestinationMissing: "mirror these images, then validate the failed list",
	validate.PlatformMissing:    "mirror every wanted platform, or say which ones you want",
	validate.DigestDiffers:      "the source was rebuilt, or the mirror is old: mirror these images again",
	validate.Unauthorized:       "the messages say which credentials were used: log in, or ask for the right to pull",
	validate.BlobCorrupt:        "the registry's storage is damaged: delete these blobs there, and push the images again",
}

// pageText returns the page of a results file.
func pageText(t testing.TB, path string) string {
	t.Helper()
	outcome, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := Write(&text, outcome, Options{Advice: advice}); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1000, 50_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			records := mixed(n)
			path := writeResults(b, records, ended(records))
			outcome, err := results.Read(path)
			if err != nil {
				b.Fatal(err)
			}
			var size counter
			b.ReportAllocs()
			for b.Loop() {
				size = 0
				if err := Write(&size, outcome, Options{Advice: advice}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "page-bytes")
		})
	}
}

// counter counts bytes.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

var _ io.Writer = new(counter)
