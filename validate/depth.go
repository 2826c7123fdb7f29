package validate

import (
	"fmt"
	"slices"
)

// prove returns the verdict on an image whose platforms all match. It is a pass
// if the question's depth finds nothing wrong at the destination.
func (c *comparison) prove(match Match, platforms []judged) Verdict {
	verdict := Verdict{Status: Pass, Match: match, Platforms: results(platforms)}
	var differences notes
	for i, p := range platforms {
		wrong := append(c.checkInlined(p.mirror, p.Match), c.check(c, p.mirror, p.Match)...)
		c.hintAtSource(p, wrong)
		c.noteObjects(p.Platform, wrong)
		if len(wrong) == 0 {
			continue
		}
		if verdict.Reason == "" {
			verdict.Reason = wrong[0].reason
		}
		result := &verdict.Platforms[i]
		result.Match, result.Reason, result.Message = "", wrong[0].reason, wrong.String()
		differences.add(result.Platform, result.Message)
	}
	if verdict.Reason != "" {
		verdict.Status, verdict.Match, verdict.Message = Fail, "", differences.String()
	}
	return verdict
}

// checkManifest is the check of the depth Manifests: the image's manifest must be
// there, with the size that its list says. Some registries answer HEAD with a wrong
// length, so a wrong size counts only after a GET has confirmed it.
func (c *comparison) checkManifest(img image, _ Match) (wrong problems) {
	manifest := img.manifest
	if manifest == nil {
		fact, read := c.peek(Need{Side: Destination, Action: ReadManifest, Digest: img.Digest})
		if !read {
			fact, _ = c.fact(Need{Side: Destination, Action: HeadManifest, Digest: img.Digest})
			if fact.Manifest == nil && fact.Size != 0 && img.Size != 0 && fact.Size != img.Size {
				fact, _ = c.fact(Need{Side: Destination, Action: ReadManifest, Digest: img.Digest})
			}
		}
		switch {
		case fact.Missing:
			wrong.add(entryMissing(Destination, img.Digest, fact))
		case fact.Claimed != "":
			wrong.add(manifestCorrupt(Destination, fact))
		}
		manifest = fact.Manifest
	}
	if manifest != nil && img.Size != 0 {
		wrong.add(checkListedSize(img.Descriptor, manifest))
	}
	return wrong
}

// checkBlobs is the check of the depth Blobs: the config and every layer must be
// there, with their sizes.
func (c *comparison) checkBlobs(img image, _ Match) (wrong problems) {
	manifest, p := c.listedManifest(img)
	if p != nil {
		wrong.add(p)
		return wrong
	}
	return c.checkEach(manifest, nil, c.headBlob)
}

// checkData is the check of the depth Data: every blob of the sample is read, and
// the others must be there.
func (c *comparison) checkData(img image, match Match) (wrong problems) {
	manifest, p := c.listedManifest(img)
	if p != nil {
		wrong.add(p)
		return wrong
	}
	return c.checkEach(manifest, c.diffIDs(manifest, match), c.readBlob)
}

// listedManifest returns an image's manifest, or a problem if the manifest is not
// what its list and the registry say.
func (c *comparison) listedManifest(img image) (*Manifest, *problem) {
	manifest, p := c.manifest(Destination, img)
	switch {
	case p != nil:
		return nil, p
	case manifest.ServedAs != "":
		return nil, newProblem(DestinationType, "%s", manifest.servedAs())
	}
	if p := checkListedSize(img.Descriptor, manifest); p != nil {
		return nil, p
	}
	return manifest, nil
}

// diffIDs returns the digests that the layers must have before compression. They
// are only checked if the match depends on them.
func (c *comparison) diffIDs(manifest *Manifest, match Match) []string {
	if match != Recompressed {
		return nil
	}
	config, p := c.config(Destination, manifest)
	if p != nil { // checkEach finds this problem itself
		return nil
	}
	return config.RootFS.DiffIDs
}

// blobCheck checks one blob of the destination. If diffID is not "", the blob is
// a layer that must have this digest before compression.
type blobCheck func(name string, blob Descriptor, diffID string) *problem

// layerName names a layer for a message; layers count from 1.
func layerName(number int) string { return fmt.Sprintf("layer %d", number) }

// checkEach checks the config of an image and every layer. A layer that stands
// twice in the manifest is checked once. If there are too many layers, checkEach checks
// nothing, and the verdict cannot be a pass.
func (c *comparison) checkEach(manifest *Manifest, diffIDs []string, check blobCheck) (wrong problems) {
	if err := manifest.checkLayers(); err != nil {
		c.refused = newProblem(BadManifest, "destination manifest %s: %v", manifest.Digest, err)
		return nil
	}
	sized := func(name string, blob Descriptor, diffID string) *problem {
		if p := checkStatedSize(name, blob, manifest); p != nil {
			return p
		}
		return check(name, blob, diffID)
	}
	if manifest.Config.Digest != "" {
		wrong.add(sized("config", manifest.Config, "").about(Object{Digest: manifest.Config.Digest, Kind: KindConfig}))
	}
	type claim struct {
		digest, diffID string
		size           int64
	}
	checked := map[claim]bool{}
	for i, layer := range manifest.Layers {
		claimed := claim{digest: layer.Digest, size: layer.Size}
		if i < len(diffIDs) && c.Sample.picks(layer.Digest) {
			claimed.diffID = diffIDs[i]
		}
		if !layer.isForeign() && !checked[claimed] {
			wrong.add(sized(layerName(i+1), layer, claimed.diffID).about(Object{Digest: layer.Digest, Kind: KindLayer, Layer: i + 1}))
		}
		checked[claimed] = true
	}
	return wrong
}

// headBlob checks that a blob is there, and its size.
func (c *comparison) headBlob(name string, blob Descriptor, _ string) *problem {
	if fact, known := c.peek(Need{Side: Destination, Action: ReadConfig, Digest: blob.Digest}); known { // as a config, which was compared
		return checkBytes(name, blob, fact)
	}
	fact, known := c.fact(Need{Side: Destination, Action: HeadBlob, Digest: blob.Digest})
	if !known {
		return unknown
	}
	return checkSize(name, blob, fact)
}

// readBlob checks the bytes of a blob if it is in the sample, else that it is
// there.
func (c *comparison) readBlob(name string, blob Descriptor, diffID string) *problem {
	if diffID != "" {
		return c.unpackLayer(name, blob, diffID)
	}
	_, compared := c.peek(Need{Side: Destination, Action: ReadConfig, Digest: blob.Digest})
	if compared || !c.Sample.picks(blob.Digest) {
		return c.headBlob(name, blob, "")
	}
	fact, known := c.fact(Need{Side: Destination, Action: HashBlob, Digest: blob.Digest, Size: blob.Size})
	if !known {
		return unknown
	}
	return checkBytes(name, blob, fact)
}

// unpackLayer checks a layer that was compressed anew. It must hold the files
// that its config promises.
func (c *comparison) unpackLayer(name string, layer Descriptor, diffID string) *problem {
	fact, known := c.fact(Need{Side: Destination, Action: UnpackLayer, Digest: layer.Digest, Size: layer.Size})
	if !known {
		return unknown
	}
	if p := checkBytes(name, layer, fact); p != nil {
		return p
	}
	format := layer.format()
	switch {
	case fact.Broken != "":
		return newProblem(BlobCorrupt, "%s, %s, cannot be unpacked: %s", name, layer.Digest, fact.Broken)
	case fact.Format != format && slices.Contains(formats, format):
		return newProblem(BlobCorrupt, "%s, %s, is %s, its media type says %s", name, layer.Digest, fact.Format, format)
	case fact.DiffID != diffID:
		return newProblem(BlobCorrupt, "%s, %s, unpacks to %s, the config says %s", name, layer.Digest, fact.DiffID, diffID)
	}
	return nil
}
