package validate

import (
	"fmt"
	"slices"
)

// checkStatedSize returns a problem if the manifest gives a blob the size 0, or none.
// containerd refuses to fetch such a blob. Two blobs are right: one of an artifact that
// really has no bytes, and a layer of schema 1, whose manifests never name sizes.
// https://github.com/containerd/containerd/blob/v2.0.0/core/remotes/handlers.go (Fetch)
func checkStatedSize(name string, blob Descriptor, manifest *Manifest) *problem {
	if blob.Size != 0 || manifest.IsSchema1() || manifest.isArtifact() && blob.hasNoBytes() {
		return nil
	}
	return newProblem(BlobSize, "%s, %s, has the size 0 or no size in its manifest, and containerd refuses that", name, blob.Digest).blaming(blob)
}

// hasNoBytes reports whether the digest is the one of no bytes.
func (d Descriptor) hasNoBytes() bool { return d.Digest == Digest(Algorithm(d.Digest), nil) }

// checkListedSize checks the size that a list gives to a manifest.
func checkListedSize(entry Descriptor, manifest *Manifest) *problem {
	switch {
	case entry.Size == manifest.Size:
		return nil
	case entry.Size == 0:
		return newProblem(BlobSize, "manifest %s has the size 0 or no size in its list, and containerd refuses that", entry.Digest).blaming(entry)
	}
	return newProblem(BlobSize, "manifest %s has %d bytes, the list says %d", entry.Digest, manifest.Size, entry.Size).blaming(entry)
}

// checkSize checks that a blob is there, and its size.
func checkSize(name string, blob Descriptor, fact Fact) *problem {
	switch {
	case fact.Missing:
		return newProblem(BlobMissing, "the destination does not have %s, %s%s", name, blob.Digest, fact.atStore())
	case fact.Size != blob.Size && (blob.Size != 0 || blob.hasNoBytes()):
		return newProblem(BlobSize, "%s, %s, has %s, the manifest says %d", name, blob.Digest, bytes(fact.Size, blob.Size), blob.Size)
	}
	return nil
}

// bytes writes the size of a blob. If the blob is longer than expected, reading
// stopped at one byte more.
func bytes(size, expected int64) string {
	if size == expected+1 {
		return fmt.Sprintf("more than %d bytes", expected)
	}
	return fmt.Sprintf("%d bytes", size)
}

// checkBytes checks the size and the digest of a blob that was read.
func checkBytes(name string, blob Descriptor, fact Fact) *problem {
	p := checkSize(name, blob, fact)
	switch {
	case p != nil && fact.Digest == blob.Digest: // the bytes are right, so the manifest lies
		return p.blaming(blob)
	case p != nil:
		return p
	case fact.Digest != blob.Digest:
		return newProblem(BlobCorrupt, "%s, %s, is corrupt: its bytes have the digest %s", name, blob.Digest, fact.Digest)
	}
	return nil
}

// hasListedSize reports whether a nested list of the destination has the size that the
// outer list gives it. If not, nodes cannot read it, and hasListedSize adds an image with
// a problem instead.
func (w *walk) hasListedSize(entry Descriptor, list *Manifest, at place) bool {
	p := checkListedSize(entry, list)
	if p == nil || w.side == Source || entry.Size == 0 && !w.asNode {
		return true
	}
	wrong := problems{*p}
	w.hintAtSource(judged{mirror: image{Descriptor: entry}}, wrong)
	w.append(image{Descriptor: entry, problem: &wrong[0]}, place{level: at.level})
	return false
}

// hintAtSource adds to each problem of a platform that a descriptor lies about a size
// whether the source has the same descriptor. Then mirroring again does not help.
func (c *comparison) hintAtSource(p judged, wrong problems) {
	for i := range wrong {
		if claim := wrong[i].claim; claim != nil && c.sourceClaims(p, *claim) {
			wrong[i].message += "; the source has the same descriptor, so mirroring again will not help"
		}
	}
}

// sourceClaims reports whether the source is known to have a descriptor that the
// destination has for a platform: in its list, or in the manifest of the platform.
func (c *comparison) sourceClaims(p judged, claim Descriptor) bool {
	same := func(d Descriptor) bool { return d.Digest == claim.Digest && d.Size == claim.Size }
	if claim.Digest == p.mirror.Digest {
		return c.source != nil && (c.source.Digest == c.taggedDigest() || slices.ContainsFunc(c.source.Children, same))
	}
	if p.Source == p.mirror.Digest {
		return true
	}
	source := c.source
	if source == nil || source.Digest != p.Source {
		fact, _ := c.peek(Need{Side: Source, Action: ReadManifest, Digest: p.Source})
		source = fact.Manifest
	}
	return source != nil && (same(source.Config) || slices.ContainsFunc(source.Layers, same))
}
