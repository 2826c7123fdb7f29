package validate

import (
	"strings"
	"testing"
)

const sigType = "application/vnd.dev.cosign.artifact.sig.v1+json"

func TestReferrers(t *testing.T) {
	signature := oci("", "signature").withConfig("application/vnd.oci.empty.v1+json").of(sigType)
	both := oci("", "signature", "countersignature").withConfig("application/vnd.oci.empty.v1+json").of(sigType)
	sbom := oci("", "sbom").withConfig("application/vnd.oci.empty.v1+json").of("application/spdx+json")
	attach := func(t *testing.T, r registry, to node, referrers ...node) {
		for _, n := range referrers {
			if !n.gone {
				r.add(t, n)
			}
			body := n.body()
			r.referrers[to.digest()] = append(r.referrers[to.digest()], Descriptor{MediaType: n.kind, Digest: n.digest(), Size: int64(len(body)), ArtifactType: n.artifact})
		}
	}
	top := index(ociAMD64, ociARM64)
	for _, test := range []struct {
		name                string
		source, destination node
		subject             node   // the manifest that has referrers
		atSource            []node // the referrers at the source
		atDestination       []node
		depth               Depth
		message             string // "" for a pass
	}{
		{name: "nothing is attached", source: top, destination: top, subject: top},
		{name: "attached to the index", source: top, destination: top, subject: top, atSource: []node{signature, sbom}, atDestination: []node{sbom, signature}},
		{name: "more at the destination", source: top, destination: top, subject: top, atSource: []node{sbom}, atDestination: []node{sbom, signature}},
		{name: "missing at the index", source: top, destination: top, subject: top, atSource: []node{signature, sbom}, atDestination: []node{sbom},
			message: "the destination does not have " + sigType + " attached to " + top.digest()},
		{name: "missing at one image", source: top, destination: top, subject: ociARM64, atSource: []node{sbom},
			message: "linux/arm64: the destination does not have application/spdx+json attached to " + ociARM64.digest()},
		{name: "attached to an unwanted image", source: index(ociAMD64, s390x), destination: index(ociAMD64), subject: s390x, atSource: []node{sbom}},
		{name: "a second signature at the destination", source: top, destination: top, subject: top, atSource: []node{signature}, atDestination: []node{both}},
		{name: "another signature", source: top, destination: top, subject: top, atSource: []node{both}, atDestination: []node{signature},
			message: "does not have " + sigType},
		{name: "another signature, whose bytes are wrong", source: top, destination: top, subject: top, atSource: []node{signature}, atDestination: []node{both.rotting()},
			message: "does not have " + sigType},
		{name: "listed, but its bytes are wrong", source: top, destination: top, subject: top, atSource: []node{sbom}, atDestination: []node{sbom.rotting()}, depth: Blobs,
			message: "is corrupt: its bytes have the digest"},
		{name: "listed, but not there", source: top, destination: top, subject: top, atSource: []node{sbom}, atDestination: []node{sbom.missing()},
			message: "which the registry does not have"},
		{name: "listed, but its blob is missing", source: top, destination: top, subject: top, atSource: []node{sbom}, atDestination: []node{sbom.without("sbom")}, depth: Blobs,
			message: "the destination does not have layer 1"},
		{name: "attached to a converted image", source: app, destination: dockerApp, subject: app, atSource: []node{signature},
			message: "copying it anew broke what refers to it"},
		{name: "attached to an index with fewer platforms at the destination", source: index(ociAMD64, s390x), destination: index(ociAMD64), subject: index(ociAMD64, s390x), atSource: []node{signature, signature.running("again")},
			message: "the source has 2 " + sigType + " attached to"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := world{sides: [2]registry{hold(t, test.source), hold(t, test.destination)}}
			attach(t, w.sides[Source], test.subject, test.atSource...)
			attach(t, w.sides[Destination], test.subject, test.atDestination...)
			q := contentTest{depth: test.depth}.question(t)
			if without, _ := drive(t, q, w.read, all); without.Status != Pass {
				t.Fatalf("without --referrers: %+v", without)
			}
			q.Referrers = true
			verdict, _ := drive(t, q, w.read, all)
			if test.message == "" && verdict.Status != Pass ||
				test.message != "" && (verdict.Reason != ReferrerMissing || strings.Count(verdict.Message, test.message) != 1) {
				t.Errorf("got %s %s %q, want %q", verdict.Status, verdict.Reason, verdict.Message, test.message)
			}
		})
	}
}
