package validate

import (
	"fmt"
	"slices"
	"strings"
)

// Depth: whether the destination has all of what the verdict rests on.

// prove looks for what the matched images consist of, as deep as the question
// wants. matched are the destination's images behind the verdict's platforms.
func (c *comparison) prove(verdict Verdict, matched []leaf) Verdict {
	if len(c.needs) > 0 {
		return Verdict{}
	}
	var notes []string
	for i, image := range matched {
		p := &verdict.Platforms[i]
		lacks := c.check(c, image, p.Match)
		if len(lacks) == 0 {
			continue
		}
		if len(notes) == 0 {
			verdict.Reason = lacks[0].reason
		}
		p.Match, p.Reason, p.Message = "", lacks[0].reason, several(lacks)
		notes = append(notes, p.Platform+": "+p.Message)
	}
	if len(c.needs) > 0 {
		return Verdict{}
	}
	if len(notes) > 0 {
		verdict.Status, verdict.Match, verdict.Message = Fail, "", strings.Join(notes, "; ")
		return verdict
	}
	return verdict
}

// several writes differences for a message, the first few of them.
func several(all []difference) string {
	const most = 3
	var notes []string
	for i, d := range all {
		if i == most {
			notes = append(notes, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		notes = append(notes, d.message)
	}
	return strings.Join(notes, ", ")
}

// checkManifest returns what is wrong with an image's manifest.
func (c *comparison) checkManifest(image leaf, _ Match) []difference {
	fact, read := c.known.fact(Need{Side: Destination, What: Read, Digest: image.Digest})
	if image.manifest == nil && !read {
		fact, _ = c.know(Destination, Head, image.Digest)
	}
	if fact.Missing {
		return []difference{{ChildMissing, namesMissing(Destination, image.Digest)}}
	}
	return nil
}

// checkBlobs returns what an image lacks, by HEAD requests.
func (c *comparison) checkBlobs(image leaf, _ Match) []difference {
	manifest, wrong := c.checkList(image)
	if manifest == nil {
		return wrong
	}
	return c.checkEach(manifest, nil, c.blob)
}

// checkData returns what an image lacks, of which the sampled blobs are read.
func (c *comparison) checkData(image leaf, match Match) []difference {
	manifest, wrong := c.checkList(image)
	if manifest == nil {
		return wrong
	}
	return c.checkEach(manifest, c.diffIDs(manifest, match), c.data)
}

// checkList reads an image's manifest, and returns what is wrong with it by
// what its list says.
func (c *comparison) checkList(image leaf) (*Manifest, []difference) {
	manifest, d, ok := c.manifest(Destination, image)
	switch {
	case !ok:
		return nil, nil
	case d.reason != "":
		return nil, []difference{{ChildMissing, namesMissing(Destination, image.Digest)}}
	case manifest.ServedAs != "":
		return nil, []difference{{DestinationType, manifest.servedAs()}}
	case image.Size != 0 && image.Size != manifest.Size:
		return nil, []difference{{BlobSize, fmt.Sprintf("manifest %s has %d bytes, the list says %d", image.Digest, manifest.Size, image.Size)}}
	}
	return manifest, nil
}

// checkEach checks every blob of an image: its config, and its layers, of which
// some have to have a digest before compression.
func (c *comparison) checkEach(manifest *Manifest, diffIDs []string, check func(name string, blob Descriptor, diffID string) difference) []difference {
	var lacks []difference
	note := func(d difference) {
		if d.reason != "" {
			lacks = append(lacks, d)
		}
	}
	if manifest.Config.Digest != "" {
		note(check("config", manifest.Config, ""))
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
			note(check(fmt.Sprintf("layer %d", i+1), layer, claimed.diffID))
		}
		checked[claimed] = true
	}
	return lacks
}

// diffIDs returns the digests that the layers have to have before compression,
// if these are what a match rests on and are to be read.
func (c *comparison) diffIDs(manifest *Manifest, match Match) []string {
	if match != Recompressed {
		return nil
	}
	config, _, ok := c.config(Destination, manifest)
	if !ok || config == nil { // what is wrong with it is noted by itself
		return nil
	}
	return config.RootFS.DiffIDs
}

// blob says what is wrong with a blob at the destination, by a HEAD request.
func (c *comparison) blob(name string, d Descriptor, _ string) difference {
	if fact, ok := c.known.fact(Need{Side: Destination, What: Blob, Digest: d.Digest}); ok { // a config that was compared
		return corrupt(name, d, fact)
	}
	fact, ok := c.know(Destination, Stat, d.Digest)
	if !ok {
		return difference{}
	}
	return wrongSize(name, d, fact)
}

// data says what is wrong with a blob at the destination, which is read if the
// sample has it.
func (c *comparison) data(name string, d Descriptor, diffID string) difference {
	if diffID != "" {
		return c.unpacked(name, d, diffID)
	}
	if _, ok := c.known.fact(Need{Side: Destination, What: Blob, Digest: d.Digest}); ok || !c.Sample.picks(d.Digest) {
		return c.blob(name, d, "")
	}
	fact, ok := c.ask(Need{Side: Destination, What: Hash, Digest: d.Digest, Size: d.Size})
	if !ok {
		return difference{}
	}
	return corrupt(name, d, fact)
}

func wrongSize(name string, d Descriptor, fact Fact) difference {
	switch {
	case fact.Missing:
		return difference{BlobMissing, fmt.Sprintf("the destination does not have %s, %s", name, d.Digest)}
	case d.Size != 0 && fact.Size != d.Size:
		return difference{BlobSize, fmt.Sprintf("%s, %s, has %s, the manifest says %d", name, d.Digest, bytes(fact.Size, d.Size), d.Size)}
	}
	return difference{}
}

// bytes writes a blob's size. What is longer than it should be is not read to
// its end.
func bytes(size, expected int64) string {
	if size == expected+1 {
		return fmt.Sprintf("more than %d bytes", expected)
	}
	return fmt.Sprintf("%d bytes", size)
}

// corrupt says what is wrong with a blob that was read.
func corrupt(name string, d Descriptor, fact Fact) difference {
	if wrong := wrongSize(name, d, fact); wrong.reason != "" {
		return wrong
	}
	if fact.Digest != d.Digest {
		return difference{BlobCorrupt, fmt.Sprintf("%s, %s, is corrupt: its bytes have the digest %s", name, d.Digest, fact.Digest)}
	}
	return difference{}
}

// unpacked says what is wrong with a layer that was packed anew: its config may
// lie about what is in there.
func (c *comparison) unpacked(name string, d Descriptor, diffID string) difference {
	fact, ok := c.ask(Need{Side: Destination, What: Unpack, Digest: d.Digest, Size: d.Size})
	if !ok {
		return difference{}
	}
	if wrong := corrupt(name, d, fact); wrong.reason != "" {
		return wrong
	}
	format := d.format()
	switch {
	case fact.Broken != "":
		return difference{BlobCorrupt, fmt.Sprintf("%s, %s, cannot be unpacked: %s", name, d.Digest, fact.Broken)}
	case fact.Format != format && slices.Contains(formats, format):
		return difference{BlobCorrupt, fmt.Sprintf("%s, %s, is %s, its media type says %s", name, d.Digest, fact.Format, format)}
	case fact.DiffID != diffID:
		return difference{BlobCorrupt, fmt.Sprintf("%s, %s, unpacks to %s, the config says %s", name, d.Digest, fact.DiffID, diffID)}
	}
	return difference{}
}
