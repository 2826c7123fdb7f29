package validate

import (
	"reflect"
	"strings"
	"testing"
)

// These tests are tables of what is proved at the destination: the tag is read as a node
// reads it, the digest beside the tag is there, sizes are right, and so are the bytes of
// manifests.

// TestResolve shows what follows from the destination's answer to a HEAD request for the
// tag. Nodes send this request, and then read the digest that it names.
func TestResolve(t *testing.T) {
	both := list(amd64, arm64)
	stale := list(amd64, arm64.running("an older build"))
	missing := number("not there", 0)
	leads := func(digest string) *Fact { return &Fact{Digest: digest} }
	for _, test := range []struct {
		name     string
		top      node
		also     node // a manifest that the destination has beside the one under the tag
		tag      string
		resolved *Fact // nil is the right answer
		later    *Fact // the second answer; nil is the same one
		status   Status
		reason   Reason
		message  string
		missing  string // the digest that is reported as missing
		tagGets  int    // how many GET requests are sent for the tag itself
	}{
		{name: "the tag's digest", top: both, status: Pass, tagGets: 0},
		{name: "no HEAD, or no digest in the answer", top: both, resolved: &Fact{}, status: Pass, tagGets: 1},
		{name: "what the manifest is", top: both, resolved: &Fact{Digest: both.digest(), Size: int64(len(both.body())), Served: TypeDockerList}, status: Pass},
		{name: "the type of the other list", top: both, resolved: &Fact{Digest: both.digest(), Served: TypeOCIIndex}, status: Pass},
		{name: "the type of an image", top: both, resolved: &Fact{Digest: both.digest(), Served: TypeDockerManifest}, status: Fail, reason: DestinationType,
			message: "destination manifest MIME type unknown: " + TypeDockerManifest + " (so the registry answers HEAD of the tag, and containerd believes it; the manifest's own is " + TypeDockerList + ")"},
		{name: "a type of any text", top: both, resolved: &Fact{Digest: both.digest(), Served: "text/plain"}, status: Fail, reason: DestinationType,
			message: "destination manifest MIME type unknown: text/plain"},
		{name: "a wrong length", top: both, resolved: &Fact{Digest: both.digest(), Size: 7}, status: Fail, reason: BlobSize,
			message: "the destination answers HEAD of the tag with a length of 7 bytes, and the manifest has "},
		{name: "a wrong length, and the right one in a second answer", top: both, resolved: &Fact{Digest: both.digest(), Size: 7}, later: leads(both.digest()), status: Pass},
		{name: "an answer that containerd refuses", top: both, resolved: &Fact{Refused: "a length of 0 bytes"}, status: Fail, reason: DigestMissing,
			message: "the destination answers HEAD of the tag with a length of 0 bytes, so containerd cannot pull the image"},
		{name: "a digest that is 404, while GET of the tag answers", top: both, resolved: leads(missing),
			status: Fail, reason: DigestMissing, missing: missing, tagGets: 1,
			message: "the destination's tag leads to " + missing + ", which the destination does not serve, so containerd cannot pull the image; GET of the tag gives " + both.digest()},
		{name: "a digest that is 404, and so is GET of the tag", top: nothing, resolved: leads(missing),
			status: Fail, reason: DigestMissing, missing: missing, message: "GET of the tag gives nothing, either", tagGets: 1},
		{name: "404, while GET answers", top: both, resolved: &Fact{Missing: true},
			status: Fail, reason: DigestMissing, missing: both.digest(), tagGets: 1,
			message: "the destination answers HEAD of the tag with 404, so containerd cannot pull the image; GET of the tag gives " + both.digest()},
		{name: "404, and so is GET", top: nothing,
			status: Fail, reason: DestinationMissing, missing: both.digest(), message: "destination manifest does not exists", tagGets: 1},
		{name: "404, and the digest in a second answer", top: both, resolved: &Fact{Missing: true}, later: leads(both.digest()),
			status: Pass, tagGets: 1},
		{name: "a digest that is 404, and another one in a second answer", top: both, resolved: leads(missing), later: leads(both.digest()),
			status: Pass, tagGets: 1},
		{name: "another length", top: both, resolved: &Fact{Digest: both.digest(), Size: 7},
			status: Fail, reason: BlobSize, message: "the destination answers HEAD of the tag with a length of 7 bytes, and the manifest has", tagGets: 0},
		{name: "an old digest", top: both, also: stale, resolved: leads(stale.digest()),
			status: Fail, reason: DigestDiffers, tagGets: 0},
		{name: "a digest as the tag, which GET gives with 404", top: nothing, tag: missing, resolved: leads(missing),
			status: Fail, reason: DigestMissing, missing: missing, tagGets: 0,
			message: "the destination answers HEAD of the digest, and GET of it with 404, so containerd cannot pull the image"},
		{name: "a digest as the tag, which HEAD gives with 404", top: both, tag: both.digest(), resolved: &Fact{Missing: true},
			status: Fail, reason: DigestMissing, missing: both.digest(), message: "answers HEAD of the digest with 404", tagGets: 1},
	} {
		for _, rules := range []Rules{Hangar, Content, Exact} {
			for _, depth := range []Depth{Blobs, Data} {
				t.Run(test.name+"/"+string(rules)+"/"+string(depth), func(t *testing.T) {
					w := world{sides: [2]registry{hold(t, both), hold(t, test.top)}, resolved: test.resolved, resolvedLater: test.later}
					w.sides[Destination].add(t, test.also)
					q := contentTest{rules: rules, depth: depth}.question(t)
					q.Tag = test.tag
					verdict, reads := drive(t, q, w.read, all)
					if verdict.Status != test.status || verdict.Reason != test.reason || !strings.Contains(verdict.Message, test.message) {
						t.Errorf("got  %s %s %q\nwant %s %s %q", verdict.Status, verdict.Reason, verdict.Message, test.status, test.reason, test.message)
					}
					if test.missing != "" && !reflect.DeepEqual(verdict.Missing, []Object{{Digest: test.missing, Kind: KindManifest}}) {
						t.Errorf("missing %+v, want %s", verdict.Missing, test.missing)
					}
					if len(verdict.Platforms) != 2 {
						t.Errorf("%d platforms, want each that is wanted: %+v", len(verdict.Platforms), verdict.Platforms)
					}
					tagGets := 0
					for _, need := range reads {
						if need == (Need{Side: Destination, Action: ReadManifest}) {
							tagGets++
						}
					}
					if tagGets != test.tagGets || strings.Count(tally(reads), "destination RESOLVE 1") != 1 {
						t.Errorf("read %s, and the tag %d times with GET; want %d", tally(reads), tagGets, test.tagGets)
					}
				})
			}
		}
	}
	t.Run("depth manifests", func(t *testing.T) {
		w := world{sides: [2]registry{hold(t, both), hold(t, both)}, resolved: &Fact{Missing: true}}
		verdict, reads := drive(t, contentTest{}.question(t), w.read, all)
		if got, want := tally(reads), "source HEAD 1, destination HEAD 2, destination READ 1"; verdict.Status != Pass || got != want {
			t.Errorf("%s %s, read %s; want a pass, %s", verdict.Status, verdict.Message, got, want)
		}
	})
}

// TestPinned compares lines with a tag and a digest, NAME:TAG@DIGEST. The source is asked
// by the digest alone.
func TestPinned(t *testing.T) {
	source := index(app)
	docker := list(dockerApp)
	sound := func(s, r string) map[Rules]string { return map[Rules]string{Hangar: "pass", Content: s, Exact: r} }
	for _, test := range []struct {
		name        string
		source, tag node
		also        node // what else the destination has
		depth       Depth
		want        map[Rules]string // status, reason and a part of the message
		warning     string           // under the rules hangar
	}{
		{name: "the tag leads to the digest", source: list(amd64), tag: list(amd64), want: sound("pass", "pass")},
		{name: "the tag leads to the digest, at depth blobs", source: list(amd64), tag: list(amd64), depth: Blobs, want: sound("pass", "pass")},
		{name: "the digest is not there", source: list(amd64, s390x), tag: list(amd64), also: nothing,
			want:    sound("fail digest-missing: the destination does not have "+list(amd64, s390x).digest()+", which the list names beside the tag", "fail digest-missing"),
			warning: "the destination does not have " + list(amd64, s390x).digest() + ", which the list names beside the tag"},
		{name: "neither the digest nor the tag is there", source: list(amd64), tag: nothing,
			want:    map[Rules]string{Hangar: "fail destination-missing", Content: "fail digest-missing", Exact: "fail digest-missing"},
			warning: "the destination does not have "},
		{name: "the tag is not there", source: list(amd64), tag: nothing, also: list(amd64),
			want: map[Rules]string{Hangar: "fail destination-missing", Content: "fail destination-missing: destination manifest does not exists", Exact: "fail destination-missing"}},
		{name: "the tag leads to another image", source: list(amd64), tag: list(amd64.running("else")), also: list(amd64),
			want: map[Rules]string{Hangar: "fail digest-differs", Content: "fail digest-differs", Exact: "fail digest-differs: the destination's tag leads to"}},
		{name: "the tag leads to the same content", source: source, tag: docker, also: source,
			want: sound("pass", "fail digest-differs: the destination's tag leads to")},
		{name: "the tag leads to the same content, and the digest has lost an image", source: source, tag: docker, also: index(app.missing()),
			want: sound("fail child-missing: of "+source.digest()+", which the list names beside the tag: linux/amd64: destination list names "+app.digest(), "fail digest-differs")},
		{name: "the tag leads to the same content, and the digest's image has lost its config", source: source, tag: list(rewritten), also: index(app.configless()), depth: Blobs,
			want: sound("fail blob-missing: which the list names beside the tag: linux/amd64: the destination does not have config", "fail digest-differs")},
		{name: "the tag leads to the same content, and the digest is served as something else", source: source, tag: docker, also: source.servedAs("text/plain"),
			want: sound("fail destination-type: destination manifest MIME type unknown: text/plain", "fail digest-differs")},
		{name: "the bytes of the digest are wrong", source: source, tag: docker, also: source.rotting(),
			want: sound("fail manifest-corrupt: destination manifest "+source.digest()+" is corrupt", "fail manifest-corrupt")},
		{name: "the bytes of the tag's manifest are wrong", source: list(amd64), tag: list(amd64).rotting(), depth: Blobs,
			want: map[Rules]string{Hangar: "fail manifest-corrupt", Content: "fail manifest-corrupt", Exact: "fail manifest-corrupt"}},
	} {
		for rules, want := range test.want {
			t.Run(test.name+"/"+string(rules), func(t *testing.T) {
				w := world{sides: [2]registry{hold(t, test.source), hold(t, test.tag)}}
				w.sides[Destination].add(t, test.also)
				q := contentTest{rules: rules, depth: test.depth}.question(t)
				q.Digest = test.source.digest()
				verdict, _ := drive(t, q, w.read, all)
				got := strings.TrimSpace(string(verdict.Status) + " " + string(verdict.Reason))
				status, message, _ := strings.Cut(want, ": ")
				if got != status || !strings.Contains(verdict.Message, message) {
					t.Errorf("got %s: %s, want %s", got, verdict.Message, want)
				}
				warnings := strings.Join(verdict.Warnings, "\n")
				if rules == Hangar && !strings.HasPrefix(warnings, test.warning) || (rules != Hangar || test.warning == "") && warnings != "" {
					t.Errorf("warnings %q, want %q", warnings, test.warning)
				}
				if slowly, _ := drive(t, q, w.read, 1); !reflect.DeepEqual(slowly, verdict) {
					t.Errorf("read one by one: %+v\nread at once: %+v", slowly, verdict)
				}
			})
		}
	}
}

// TestPinnedOfDestination compares lines whose digest stands only at the destination, as
// in "nginx:1 nginx:1@sha256:…": the tag and the digest must both have the source's
// content.
func TestPinnedOfDestination(t *testing.T) {
	for _, test := range []struct {
		name        string
		tag, pinned node
		want        string
		match       Match
	}{
		{"both are the source's", index(app), index(app), "pass", Identical},
		{"the digest is another image", index(app), index(app.running("else")), "fail digest-differs: of " + index(app.running("else")).digest() + ", which the list names beside the tag: ", ""},
		{"the digest is of another platform", index(app), index(ociARM64), "fail platform-missing: which the list names beside the tag: the destination does not have platform linux/amd64", ""},
		{"the digest is empty", index(app), index(), "fail destination-empty: which the list names beside the tag: ", ""},
		{"the digest has lost its image", index(app), list(dockerApp.missing()), "fail child-missing: which the list names beside the tag: ", ""},
		{"the digest is the converted image", index(app), list(dockerApp), "pass", Converted},
		{"the tag is the converted image", list(dockerApp), index(app), "pass", Converted},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := world{sides: [2]registry{hold(t, index(app)), hold(t, test.tag)}}
			w.sides[Destination].add(t, test.pinned)
			q := contentTest{}.question(t)
			q.Digest = test.pinned.digest()
			verdict, _ := drive(t, q, w.read, all)
			status, message, _ := strings.Cut(test.want, ": ")
			if got := strings.TrimSpace(string(verdict.Status) + " " + string(verdict.Reason)); got != status || verdict.Match != test.match || !strings.Contains(verdict.Message, message) {
				t.Errorf("got %s %s: %s, want %s %s", got, verdict.Match, verdict.Message, test.want, test.match)
			}
			if slowly, _ := drive(t, q, w.read, 1); !reflect.DeepEqual(slowly, verdict) {
				t.Errorf("read one by one: %+v\nread at once: %+v", slowly, verdict)
			}
		})
	}
}

// TestSizes compares images whose manifests name wrong sizes, or none.
func TestSizes(t *testing.T) {
	const help = "mirroring again will not help"
	bare := app.unsized()
	empty := oci("", "").withConfig("application/vnd.example.config")
	emptyImage := oci("linux/amd64", "", "app")
	for _, test := range []struct {
		contentTest
		hint bool // whether the message says that mirroring again does not help
	}{
		{contentTest{name: "no sizes in the manifest", source: app, destination: bare, depth: Blobs,
			status: Fail, reason: BlobSize, message: "config, sha256:"}, false},
		{contentTest{name: "no sizes in the manifest, at depth data", source: app, destination: bare, depth: Data,
			status: Fail, reason: BlobSize, message: "layer 1, " + layerDigest("base") + ", has the size 0 or no size in its manifest, and containerd refuses that"}, false},
		{contentTest{name: "no sizes in the manifest, at depth manifests", source: app, destination: bare,
			status: Pass, match: Converted}, false},
		{contentTest{name: "no sizes on both sides", source: bare, destination: bare, depth: Blobs,
			status: Fail, reason: BlobSize, message: "layer 2, "}, true},
		{contentTest{name: "no sizes on both sides, converted", source: bare, destination: bare.converted(), depth: Blobs,
			status: Fail, reason: BlobSize, message: "layer 2, "}, true},
		{contentTest{name: "no sizes on both sides, and a platform less", source: index(bare, s390x), destination: index(bare), depth: Blobs,
			status: Fail, reason: BlobSize, message: "layer 2, "}, true},
		{contentTest{name: "a wrong size on both sides", source: app.stating(99), destination: app.stating(99), depth: Blobs,
			status: Fail, reason: BlobSize, message: "has 4 bytes, the manifest says 99"}, false}, // the layer may be cut short
		{contentTest{name: "a wrong size on both sides, and the bytes are right", source: app.stating(99), destination: app.stating(99), depth: Data,
			status: Fail, reason: BlobSize, message: "has 4 bytes, the manifest says 99"}, true},
		{contentTest{name: "no sizes of schema 1", source: v1, destination: v1, depth: Manifests,
			status: Pass, match: Identical}, false},
		{contentTest{name: "no size in the list", source: index(app), destination: list(app.sized(-1)), depth: Blobs,
			status: Fail, reason: BlobSize, message: "manifest " + app.digest() + " has the size 0 or no size in its list, and containerd refuses that"}, false},
		{contentTest{name: "no size in the list, at depth manifests", source: index(app), destination: list(app.sized(-1)),
			status: Pass, match: SamePlatforms}, false},
		{contentTest{name: "no size in the list on both sides", source: index(app.sized(-1)), destination: index(app.sized(-1)), depth: Blobs,
			status: Fail, reason: BlobSize}, true},
		{contentTest{name: "no size in two different lists", source: index(app.sized(-1)), destination: list(app.sized(-1)), depth: Data,
			status: Fail, reason: BlobSize}, true},
		{contentTest{name: "no bytes in an artifact", source: empty, destination: empty, depth: Blobs,
			status: Pass, match: Identical}, false},
		{contentTest{name: "no bytes in an artifact, at depth data", source: empty, destination: empty, depth: Data,
			status: Pass, match: Identical}, false},
		{contentTest{name: "no bytes in an artifact, but bytes at the destination", source: empty, destination: empty.growing(""), depth: Blobs,
			status: Fail, reason: BlobSize, message: "has 2 bytes, the manifest says 0"}, false},
		{contentTest{name: "no bytes in an image", source: emptyImage, destination: emptyImage, depth: Blobs,
			status: Fail, reason: BlobSize, message: "layer 1, "}, true},
		{contentTest{name: "a wrong size in the list, at depth manifests", source: index(app, ociARM64), destination: index(app.sized(7), ociARM64),
			status: Fail, reason: BlobSize, message: "linux/amd64: manifest " + app.digest() + " has ", reads: "source HEAD 1, source READ 1, destination HEAD 2, destination READ 2"}, false},
		{contentTest{name: "a wrong size in the list on both sides, at depth manifests", source: index(app.sized(7)), destination: index(app.sized(7)),
			status: Fail, reason: BlobSize, message: "the list says 7"}, true},
		{contentTest{name: "a wrong size in the list by hangar", source: list(amd64), destination: list(amd64.sized(7)), rules: Hangar,
			status: Fail, reason: BlobSize, message: "the list says 7"}, false},
		{contentTest{name: "a wrong size of the only image by hangar", source: amd64, destination: list(amd64.sized(7)), rules: Hangar,
			status: Fail, reason: BlobSize, message: "the list says 7"}, false},
		{contentTest{name: "a wrong size of a nested list", source: index(nestedIndex(app)), destination: index(nestedIndex(app).sized(7)),
			status: Fail, reason: BlobSize, message: "manifest " + index(app).digest() + " has "}, false},
		{contentTest{name: "a wrong size of a nested list that is called an image, on both sides", source: index(index(app).sized(7).typed(TypeOCIManifest)), destination: index(index(app).sized(7).typed(TypeOCIManifest)),
			status: Fail, reason: BlobSize, message: "the list says 7"}, true},
		{contentTest{name: "no size of a nested list", source: index(nestedIndex(app)), destination: index(nestedIndex(app).sized(-1)), depth: Blobs,
			status: Fail, reason: BlobSize, message: "manifest " + index(app).digest() + " has the size 0 or no size in its list"}, false},
		{contentTest{name: "no size of a nested list, at depth manifests", source: index(nestedIndex(app)), destination: index(nestedIndex(app).sized(-1)),
			status: Pass, match: SamePlatforms}, false},
		{contentTest{name: "a wrong size of a nested list at the source", source: index(nestedIndex(app).sized(7)), destination: index(nestedIndex(app)),
			status: Pass, match: SamePlatforms}, false},
		{contentTest{name: "a wrong length in the answer to HEAD", source: index(app), destination: index(app.headed(7)),
			status: Pass, match: Identical, reads: "source HEAD 1, destination HEAD 1, destination READ 2"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, reads := test.validate(t)
			if verdict.Status != test.status || verdict.Reason != test.reason || verdict.Match != test.match || !strings.Contains(verdict.Message, test.message) {
				t.Errorf("got  %s %s %s %q\nwant %s %s %s %q", verdict.Status, verdict.Reason, verdict.Match, verdict.Message,
					test.status, test.reason, test.match, test.message)
			}
			if strings.Contains(verdict.Message, help) != test.hint {
				t.Errorf("whether mirroring again helps: %q", verdict.Message)
			}
			if got := tally(reads); test.reads != "" && got != test.reads {
				t.Errorf("read %s\nwant %s", got, test.reads)
			}
		})
	}
}

// TestManifestCorrupt compares images with manifests whose bytes do not have their
// digests.
func TestManifestCorrupt(t *testing.T) {
	both := index(ociBoth...)
	for _, test := range []struct {
		contentTest
		corrupt string // the digest that is reported
	}{
		{contentTest{name: "the image", source: app, destination: app.rotting()}, app.digest()},
		{contentTest{name: "the image, at depth blobs", source: app, destination: app.rotting(), depth: Blobs}, app.digest()},
		{contentTest{name: "the image, exactly", source: app, destination: app.rotting(), rules: Exact, depth: Data}, app.digest()},
		{contentTest{name: "the list", source: both, destination: both.rotting()}, both.digest()},
		{contentTest{name: "the list, by hangar", source: list(amd64, arm64), destination: list(amd64, arm64).rotting(), rules: Hangar}, list(amd64, arm64).digest()},
		{contentTest{name: "a child", source: both, destination: index(ociAMD64, ociARM64.rotting()), depth: Blobs}, ociARM64.digest()},
		{contentTest{name: "a child, by hangar", source: list(amd64, arm64), destination: list(amd64, arm64.rotting()), rules: Hangar, depth: Blobs}, arm64.digest()},
		{contentTest{name: "the only image, by hangar", source: amd64, destination: list(amd64.rotting()), rules: Hangar}, amd64.digest()},
		{contentTest{name: "a converted child", source: both, destination: list(ociAMD64.converted().rotting(), ociARM64.converted())}, ociAMD64.converted().digest()},
		{contentTest{name: "a converted child, by hangar", source: both, destination: list(ociAMD64.converted().rotting(), ociARM64.converted()), rules: Hangar}, ociAMD64.converted().digest()},
		{contentTest{name: "an image without a platform in the list", source: index(app), destination: index(app.as("").rotting())}, app.digest()},
		{contentTest{name: "a nested list", source: index(nestedIndex(app)), destination: index(nestedIndex(app).rotting())}, index(app).digest()},
		{contentTest{name: "the single image of the source, as a child", source: app, destination: index(app.rotting())}, app.digest()},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, _ := test.validate(t)
			if verdict.Status != Fail || verdict.Reason != ManifestCorrupt ||
				!strings.Contains(verdict.Message, "destination manifest "+test.corrupt+" is corrupt: its bytes have the digest "+Digest("sha256", []byte("rotten"))) {
				t.Errorf("got %s %s %s", verdict.Status, verdict.Reason, verdict.Message)
			}
			if len(verdict.Corrupt) != 1 || verdict.Corrupt[0].Digest != test.corrupt || verdict.Corrupt[0].Kind != KindManifest || verdict.Missing != nil {
				t.Errorf("corrupt %+v, missing %+v; want %s", verdict.Corrupt, verdict.Missing, test.corrupt)
			}
		})
	}
}

// TestMisread compares images of which a first read gave wrong bytes, and a second read
// right ones. They pass, with a warning that names both.
func TestMisread(t *testing.T) {
	wrong := Digest("sha256", []byte("misread"))
	config := Digest("sha256", app.configBody())
	for _, test := range []struct {
		name, misread string
		depth         Depth
		want          string
	}{
		{"the manifest", app.digest(), Manifests, "destination manifest " + app.digest()},
		{"the manifest, at depth blobs", app.digest(), Blobs, "destination manifest " + app.digest()},
		{"the config", config, Manifests, "destination config " + config},
		{"a layer", layerDigest("app"), Data, "destination blob " + layerDigest("app")},
		{"a layer that nobody read", layerDigest("app"), Blobs, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := world{sides: [2]registry{hold(t, app), hold(t, app)}}
			w.sides[Destination].misread[test.misread] = wrong
			verdict, _ := drive(t, contentTest{depth: test.depth}.question(t), w.read, all)
			var want []string
			if test.want != "" {
				want = []string{test.want + " was read twice: the bytes of the first read had the digest " + wrong + ", those of the second read were right"}
			}
			if verdict.Status != Pass || !reflect.DeepEqual(verdict.Warnings, want) {
				t.Errorf("got %s %q, want a pass, %q", verdict.Status, verdict.Warnings, want)
			}
		})
	}
}

// TestWarningsAreBounded compares images of which nearly all blobs were read twice.
func TestWarningsAreBounded(t *testing.T) {
	var layers []string
	for i := range 30 {
		layers = append(layers, string(rune('a'+i)))
	}
	image := oci("linux/amd64", layers...)
	w := world{sides: [2]registry{hold(t, image), hold(t, image)}}
	for _, layer := range layers {
		w.sides[Destination].misread[layerDigest(layer)] = "sha256:wrong"
	}
	verdict, _ := drive(t, contentTest{depth: Data}.question(t), w.read, all)
	if len(verdict.Warnings) != 11 || verdict.Warnings[10] != "and 20 more warnings" {
		t.Errorf("%d warnings: %q", len(verdict.Warnings), verdict.Warnings)
	}
}
