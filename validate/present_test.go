package validate

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// These tests are a table of cases for the rules "present".

type presentTest struct {
	contentTest
	digest  string   // which the line names beside the tag
	missing []string // digests
}

var presentTests = []presentTest{
	// The image is there.
	{contentTest: contentTest{name: "a list", destination: list(amd64, arm64),
		status: Pass, reads: "destination HEAD 2, destination READ 1"}},
	{contentTest: contentTest{name: "an index", destination: index(ociBoth...), status: Pass}},
	{contentTest: contentTest{name: "one wanted platform", destination: list(amd64), status: Pass}},
	{contentTest: contentTest{name: "more platforms than are wanted", destination: list(amd64, s390x.missing()),
		status: Pass, reads: "destination HEAD 1, destination READ 1"}},
	{contentTest: contentTest{name: "a single image", destination: app,
		status: Pass, reads: "destination READ 1, destination CONFIG 1"}},
	{contentTest: contentTest{name: "schema 1", destination: v1, status: Pass, reads: "destination READ 1"}},
	{contentTest: contentTest{name: "a nested index", destination: index(nestedIndex(ociAMD64, ociARM64)), status: Pass}},
	{contentTest: contentTest{name: "an index that names no platform", destination: index(app.as("")), status: Pass}},
	{contentTest: contentTest{name: "a chart", destination: chart, status: Pass, reads: "destination READ 1"}},
	{contentTest: contentTest{name: "an index of artifacts", destination: index(sbom.of("application/spdx+json")), status: Pass,
		reads: "destination HEAD 1, destination READ 1"}},
	{contentTest: contentTest{name: "cosign's signature", destination: signature, status: Pass}},
	{contentTest: contentTest{name: "two images for one platform", destination: index(app, oci("linux/amd64", "else")), status: Pass,
		reads: "destination HEAD 2, destination READ 1"}},
	{contentTest: contentTest{name: "an image that nodes do not find beside one that they find", destination: index(app, ociAMD64.typed("text/plain").missing()), status: Pass}},
	{contentTest: contentTest{name: "a list of another platform is missing", destination: index(app, nestedIndex(s390x).as("linux/s390x").missing()), status: Pass}},

	// The image is not there.
	{contentTest: contentTest{name: "no manifest", status: Fail, reason: DestinationMissing, message: "destination manifest does not exists", reads: "destination READ 1"}},
	{contentTest: contentTest{name: "an empty list", destination: list(), status: Fail, reason: DestinationEmpty, message: "destination manifest list is empty"}},
	{contentTest: contentTest{name: "none of the wanted platforms", destination: list(s390x),
		status: Fail, reason: PlatformMissing, message: "the destination does not have OS [linux,windows], arch [amd64,arm64]; it has only linux/s390x"}},
	{contentTest: contentTest{name: "a single image of another platform", destination: s390x, status: Fail, reason: PlatformMissing, message: "it has only linux/s390x"}},
	{contentTest: contentTest{name: "attestations alone", destination: index(provenance), status: Fail, reason: PlatformMissing}},
	{contentTest: contentTest{name: "a child is missing", destination: list(amd64, arm64.missing()),
		status: Fail, reason: ChildMissing, message: "linux/arm64: destination list names " + arm64.digest()}, missing: []string{arm64.digest()}},
	{contentTest: contentTest{name: "a child without a platform is missing", destination: index(app, ociARM64.as("").missing()),
		status: Fail, reason: ChildMissing, message: ociARM64.digest()}, missing: []string{ociARM64.digest()}},
	{contentTest: contentTest{name: "a list of a wanted platform is missing", destination: index(app, nestedIndex(ociARM64).as("linux/arm64").missing()),
		status: Fail, reason: ChildMissing, message: "linux/arm64: destination list names " + index(ociARM64).digest()}},
	{contentTest: contentTest{name: "the config of a single image is missing", destination: app.configless(), status: Fail, reason: BlobMissing, message: "does not have the config"}},
	{contentTest: contentTest{name: "an image that nodes do not find", destination: index(app, ociARM64.typed("text/plain")),
		status: Fail, reason: PlatformDiffers, message: "linux/arm64: nodes do not find " + ociARM64.digest() + " at the destination: its media type in the list"}},
	{contentTest: contentTest{name: "an index behind another one, which nodes take instead", destination: index(nestedIndex(ociAMD64), nestedIndex(ociARM64)),
		status: Fail, reason: PlatformDiffers, message: "linux/arm64: nodes do not find " + ociARM64.digest()}},
	{contentTest: contentTest{name: "a type that clients refuse", destination: app.servedAs(TypeDockerManifest), status: Fail, reason: DestinationType}},
	{contentTest: contentTest{name: "more than can be looked up", destination: index(others(maxSelected + 1)...), status: Error, reason: BadManifest, message: "destination manifest: 1001"}},

	// As deep as the question says.
	{contentTest: contentTest{name: "a layer is missing, and nobody looks", destination: app.without("app"), status: Pass}},
	{contentTest: contentTest{name: "a layer is missing", destination: index(app.without("app")), depth: Blobs,
		status: Fail, reason: BlobMissing, message: "linux/amd64: the destination does not have layer 2"}, missing: []string{layerDigest("app")}},
	{contentTest: contentTest{name: "a layer of a chart is missing", destination: chart.without("chart"), depth: Blobs, status: Fail, reason: BlobMissing}, missing: []string{layerDigest("chart")}},
	{contentTest: contentTest{name: "a layer is corrupt, and nobody reads", destination: app.spoiling("app"), depth: Blobs, status: Pass}},
	{contentTest: contentTest{name: "a layer is corrupt", destination: app.spoiling("app"), depth: Data, status: Fail, reason: BlobCorrupt}},

	// Attestations.
	{contentTest: contentTest{name: "an attestation is missing, and nobody asks", destination: index(ociAMD64, provenance.missing()), status: Pass}},
	{contentTest: contentTest{name: "an attestation", destination: index(ociAMD64, provenance), provenance: true, status: Pass,
		reads: "destination HEAD 2, destination READ 1"}},
	{contentTest: contentTest{name: "no attestation", destination: index(ociAMD64), provenance: true, status: Pass}},
	{contentTest: contentTest{name: "an attestation is missing", destination: index(ociAMD64, provenance.missing()), provenance: true,
		status: Fail, reason: ChildMissing, message: provenance.digest()}, missing: []string{provenance.digest()}},
	{contentTest: contentTest{name: "an attestation of an image that is not wanted is missing", destination: index(ociAMD64, ociARM64, provenance.missing()), arch: "arm64", provenance: true, status: Pass}},

	// The line names a digest beside the tag.
	{contentTest: contentTest{name: "the tag leads to the digest", destination: list(amd64, arm64), status: Pass, reads: "destination HEAD 2, destination READ 2"}, digest: list(amd64, arm64).digest()},
	{contentTest: contentTest{name: "the digest is not there", destination: list(amd64, arm64),
		status: Fail, reason: DigestMissing, message: "does not have " + app.digest()}, digest: app.digest(), missing: []string{app.digest()}},
	{contentTest: contentTest{name: "the tag leads elsewhere", destination: list(amd64, arm64),
		status: Fail, reason: DigestDiffers, message: `tag leads to "` + list(amd64, arm64).digest() + `", and not to "` + amd64.digest() + `"`}, digest: amd64.digest()},
	{contentTest: contentTest{name: "neither the digest nor the tag", status: Fail, reason: DigestMissing}, digest: app.digest(), missing: []string{app.digest()}},
}

func (test presentTest) question(t testing.TB) Question {
	t.Helper()
	test.rules = Present
	q := test.contentTest.question(t)
	q.Source, q.Digest = "", test.digest
	return q
}

func TestPresent(t *testing.T) {
	for _, test := range presentTests {
		t.Run(test.name, func(t *testing.T) {
			w := world{sides: [2]registry{{}, hold(t, test.destination)}}
			verdict, reads := drive(t, test.question(t), w.read, all)
			if verdict.Status != test.status || verdict.Reason != test.reason || !strings.Contains(verdict.Message, test.message) {
				t.Errorf("got  %s %s %q\nwant %s %s %q", verdict.Status, verdict.Reason, verdict.Message, test.status, test.reason, test.message)
			}
			if got := tally(reads); test.reads != "" && got != test.reads {
				t.Errorf("read %s\nwant %s", got, test.reads)
			}
			if slices.ContainsFunc(reads, func(need Need) bool { return need.Side == Source }) || verdict.SourceDigest != "" {
				t.Errorf("the source was asked: %v", reads)
			}
			var missing []string
			for _, object := range verdict.Missing {
				missing = append(missing, object.Digest)
			}
			if test.missing != nil && !slices.Equal(missing, test.missing) || slices.Contains(missing, "") {
				t.Errorf("missing %q, want %q", missing, test.missing)
			}
			// The order of the facts must not matter.
			if slowly, _ := drive(t, test.question(t), w.read, 1); !reflect.DeepEqual(slowly, verdict) {
				t.Errorf("read one by one: %+v\nread at once: %+v", slowly, verdict)
			}
		})
	}
}

// TestTagMissing shows that a digest which is there is not said to be missing where
// only the tag is.
func TestTagMissing(t *testing.T) {
	test := presentTest{digest: app.digest()}
	w := world{sides: [2]registry{{}, hold(t, app)}}
	delete(w.sides[Destination].manifests, "")
	verdict, _ := drive(t, test.question(t), w.read, all)
	if verdict.Reason != DestinationMissing || len(verdict.Missing) > 0 {
		t.Errorf("%s %s, missing %v", verdict.Reason, verdict.Message, verdict.Missing)
	}
}

// TestGoodMirrorsArePresent shows that whatever passes beside its source is present,
// too, and that what lacks something which was wanted is not.
func TestGoodMirrorsArePresent(t *testing.T) {
	for seed := range int64(150) {
		r := rand.New(rand.NewSource(seed))
		destination := copying[r.Intn(len(copying))].apply(r, randomImage(r))
		for _, depth := range []Depth{Manifests, Blobs, Data} {
			test := presentTest{contentTest: contentTest{depth: depth}}
			w := world{sides: [2]registry{{}, hold(t, destination)}}
			if verdict, _ := drive(t, test.question(t), w.read, all); verdict.Status != Pass {
				t.Fatalf("seed %d, %s: %s %s", seed, depth, verdict.Reason, verdict.Message)
			}
			broken := destination.each(func(n node) node { return n.without("base", "base.zst") })
			w.sides[Destination] = hold(t, broken)
			want := Fail
			if depth == Manifests {
				want = Pass
			}
			if verdict, _ := drive(t, test.question(t), w.read, all); verdict.Status != want {
				t.Fatalf("seed %d, %s, without layers: %s, want %s", seed, depth, verdict.Status, want)
			}
		}
	}
}

// TestPresentWithoutEnd shows that a destination cannot cause endless work.
func TestPresentWithoutEnd(t *testing.T) {
	amd64 := Descriptor{MediaType: TypeOCIManifest, Platform: &Platform{Architecture: "amd64", OS: "linux"}}
	attestation := Descriptor{MediaType: TypeOCIManifest, Platform: &Platform{Architecture: "unknown", OS: "unknown"},
		Annotations: map[string]string{annotationReferenceType: attestationManifest, annotationReferenceDigest: number("elsewhere", 0)}}
	nested := func(digest string) *Manifest {
		inner := entriesOf(digest, 2, func(int) Descriptor { return Descriptor{MediaType: TypeOCIIndex} })
		inner.Digest = digest
		return inner
	}
	for _, test := range []struct {
		name    string
		top     *Manifest
		message string
	}{
		{"10,000 images", entriesOf("i", 10_000, func(int) Descriptor { return amd64 }), "destination manifest: 10000 of its entries"},
		{"10,000 attestations", entriesOf("i", 10_000, func(i int) Descriptor {
			if i == 0 {
				return amd64
			}
			return attestation
		}), "destination manifest: 10000 of its entries"},
		{"lists of lists", nested(number("top", 0)), "lie more than 8 levels deep"},
	} {
		q := question("", "")
		q.Rules, q.Provenance = Present, true
		verdict, _, others := boundless(t, q, test.top, nested)
		if verdict.Status != Error || verdict.Reason != BadManifest || !strings.Contains(verdict.Message, test.message) || others > 0 {
			t.Errorf("%s: %s %s %s, %d reads", test.name, verdict.Status, verdict.Reason, verdict.Message, others)
		}
	}
}

// TestNoSource asks rules that compare with a source about a line that names none.
// Nothing is read: the destination must not be compared with itself.
func TestNoSource(t *testing.T) {
	for _, rules := range []Rules{Hangar, Content, Exact} {
		q := question("", "")
		q.Source, q.Rules = "", rules
		verdict, needs := Compare(q, Known{})
		want := fmt.Sprintf("the line names only the destination, and the rules %q compare with a source", rules)
		if verdict.Status != Error || verdict.Reason != SourceMissing || !strings.Contains(verdict.Message, want) || len(needs) > 0 {
			t.Errorf("%s: %+v, needs %v", rules, verdict, needs)
		}
	}
}
