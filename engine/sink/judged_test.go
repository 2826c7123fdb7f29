package sink

import (
	"testing"

	"mvrun/engine"
	"mvrun/validate"
)

func TestJudged(t *testing.T) {
	hangar, content := engine.Terms{Rules: validate.Hangar, Depth: validate.Manifests}, engine.Terms{Rules: validate.Content, Depth: validate.Blobs}
	data, sampled := engine.Terms{Rules: validate.Content, Depth: validate.Data}, engine.Terms{Rules: validate.Content, Depth: validate.Data, Sampled: true}
	hinted := Summary{RulesHint: "--rules", DepthHint: "--depth", Depth: validate.Manifests}
	type counts = map[engine.Terms]map[validate.Reason]int
	for _, test := range []struct {
		name   string
		sink   Summary
		judged counts
		want   string
	}{
		{"nothing was looked at", hinted, nil, ""},
		{"the default", hinted, counts{hangar: {"": 2, validate.DigestDiffers: 1}},
			"Depth manifests: manifests were looked up, and layers were not (--depth blobs)\n"},
		{"no hint", Summary{}, counts{hangar: {"": 2}},
			"Depth manifests: manifests were looked up, and layers were not\n"},
		{"a depth that the script chose", hinted, counts{content: {"": 2}},
			"Depth blobs: configs and layers were looked up, and their bytes were not read\n"},
		{"the deepest", Summary{DepthHint: "--depth", Depth: validate.Data}, counts{data: {"": 1}},
			"Depth data: every byte of configs and layers was read\n"},
		{"blobs that several repositories share", Summary{}, counts{{Rules: validate.Content, Depth: validate.Data, SharedBlobs: true}: {"": 1}},
			"Depth data: every byte of configs and layers was read; what several repositories share was read once\n"},
		{"several depths and rules", hinted, counts{hangar: {"": 1}, sampled: {"": 1, validate.BlobCorrupt: 1}, data: {"": 3}},
			"Depth manifests (1 image): manifests were looked up, and layers were not (--depth blobs)\n" +
				"Depth data (3 images): every byte of configs and layers was read\n" +
				"Depth data (2 images): the bytes of a sample of the configs and layers were read, and the others were looked up\n" +
				"Rules: content 5, hangar 1\n"},
		{"mirrors of another tool", hinted, counts{hangar: {validate.DestinationType: 2, validate.DestinationLength: 1}},
			"Depth manifests: manifests were looked up, and layers were not (--depth blobs)\n" +
				"3 failures are destination-type or destination-length: --rules content judges mirrors that another tool than Hangar made\n"},
		{"one mirror of another tool", Summary{}, counts{hangar: {validate.DestinationLength: 1}},
			"Depth manifests: manifests were looked up, and layers were not\n" +
				"1 failure is destination-type or destination-length: rules content judges mirrors that another tool than Hangar made\n"},
		{"a type that clients refuse, by other rules", hinted, counts{content: {validate.DestinationType: 1}},
			"Depth blobs: configs and layers were looked up, and their bytes were not read\n"},
	} {
		if got := test.sink.judged(test.judged); got != test.want {
			t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, test.want)
		}
	}
}
