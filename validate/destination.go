package validate

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// This file finds the manifest that the destination has under the tag, as a node
// would find it.

// destinationTop returns the manifest that the destination has under the tag. It is
// the only way to that manifest, for all rule sets. If both results are nil, the
// destination has no such tag. If the problem is unknown, facts are missing. Any other
// problem says why the tag leads to nothing that could be judged.
//
// If the question names a digest beside the tag, the destination must have this
// digest, too. How the tag and the digest must belong together depends on the rules:
// Hangar packs lists anew, so the digest counts for nothing but a warning. Under
// Content the tag may lead to another manifest, because its content is compared.
// Under all other rules the tag must lead to the digest.
func (c *comparison) destinationTop() (top *Manifest, p *problem) {
	switch {
	case c.Digest == "":
		return c.tagTop()
	case c.Rules == Hangar:
		if pinned, known := c.fact(Need{Side: Destination, Action: HeadManifest, Digest: c.Digest}); known && pinned.Missing {
			c.warn(c.pinnedMissing(pinned).message)
		}
		return c.tagTop()
	}
	pinned, known := c.fact(Need{Side: Destination, Action: ReadManifest, Digest: c.Digest})
	top, p = c.tagTop()
	switch {
	case !known || p == unknown:
		return nil, unknown
	case pinned.Missing && pinned.Elsewhere != "" && top == nil && p == nil: // no place where a node asks has anything of the image
		return nil, nil
	case pinned.Missing:
		return nil, c.pinnedMissing(pinned)
	case pinned.Claimed != "":
		return nil, manifestCorrupt(Destination, pinned)
	case p != nil:
		return nil, p
	case top == nil:
		return nil, newProblem(DestinationMissing, "destination manifest does not exists: the destination has the digest that the list names, but not the tag%s", c.tagFact().atStore())
	case top.Digest != c.Digest && c.Rules != Content:
		return nil, differs("the destination's tag leads to %q, and not to %q, which the list names beside the tag", top.Digest, c.Digest)
	}
	return top, nil
}

// destinationMissing returns the problem that the destination has no manifest under the
// tag.
func (c *comparison) destinationMissing() *problem {
	return newProblem(DestinationMissing, "destination manifest does not exists%s", c.tagFact().atStore())
}

// tagFact returns the fact of the GET request for the destination's tag, if it was read.
func (c *comparison) tagFact() Fact {
	fact, _ := c.peek(Need{Side: Destination, Action: ReadManifest})
	return fact
}

// pinnedMissing returns the problem that the destination does not have the digest that
// the question names.
func (c *comparison) pinnedMissing(pinned Fact) *problem {
	return newProblem(DigestMissing, "the destination does not have %s, which the list names beside the tag: nodes that pull by this digest do not find it%s", c.Digest, pinned.atStore()).
		about(Object{Digest: c.Digest, Kind: KindManifest})
}

// tagTop returns the manifest under the destination's tag, as destinationTop does for
// a question without a digest.
//
// From the depth Blobs on, the tag is resolved as containerd does it: a HEAD request
// for the tag names a digest, and a GET request reads that digest.
// https://github.com/containerd/containerd/blob/v2.0.0/core/remotes/docker/resolver.go (Resolve)
func (c *comparison) tagTop() (*Manifest, *problem) {
	if !c.asNode {
		return c.tagByGet()
	}
	head, known := c.fact(Need{Side: Destination, Action: ResolveTag})
	if !known {
		return nil, unknown
	}
	top, p := c.followHead(head)
	if p == nil || !slices.Contains([]Reason{DigestMissing, BlobSize, DestinationType}, p.reason) {
		return top, p
	}
	// A tag may move between two requests, and a proxy may answer 404 while its registry
	// starts. So a second HEAD has to confirm the first one.
	again, known := c.fact(Need{Side: Destination, Action: ResolveTagAgain})
	switch {
	case !known:
		return nil, unknown
	case reflect.DeepEqual(again, head):
		return nil, p
	}
	return c.followHead(again)
}

// followHead returns the manifest to which the answer to a HEAD request for the tag
// leads.
func (c *comparison) followHead(head Fact) (*Manifest, *problem) {
	switch {
	case head.Missing:
		return c.hiddenFromHead()
	case head.Refused != "":
		return nil, newProblem(DigestMissing, "the destination answers HEAD of the %s with %s, so containerd cannot pull the image", c.tagOrDigest(), head.Refused)
	case head.Digest == "":
		return c.tagByGet()
	}
	fact, known := c.fact(Need{Side: Destination, Action: ReadManifest, Digest: head.Digest})
	switch {
	case !known:
		return nil, unknown
	case fact.Missing:
		return nil, c.leadsNowhere(head.Digest)
	case fact.Claimed != "":
		return nil, manifestCorrupt(Destination, fact)
	}
	if p := c.misleads(head, fact.Manifest); p != nil {
		return nil, p
	}
	return fact.Manifest, nil
}

// misleads returns a problem if the answer to a HEAD request for the tag gives another size
// or kind of manifest than the manifest has. containerd believes this answer, and refuses a
// manifest that does not fit it.
// https://github.com/containerd/containerd/blob/v2.1.0/core/images/image.go (validateMediaType)
func (c *comparison) misleads(head Fact, top *Manifest) *problem {
	object := Object{Digest: top.Digest, Kind: KindManifest}
	switch {
	case top.IsSchema1():
		return nil
	case head.Size > 0 && head.Size != top.Size:
		return newProblem(BlobSize, "the destination answers HEAD of the %s with a length of %d bytes, and the manifest has %d, so containerd cannot pull the image",
			c.tagOrDigest(), head.Size, top.Size).about(object)
	case head.Served != "" && (!slices.Contains(ManifestTypes, head.Served) || isListType(head.Served) != top.IsList()):
		return newProblem(DestinationType, "destination manifest MIME type unknown: %s (so the registry answers HEAD of the %s, and containerd believes it; the manifest's own is %s)",
			shorten(head.Served, maxNote), c.tagOrDigest(), top.MediaType)
	}
	return nil
}

// tagByGet reads the manifest under the destination's tag with one GET request.
func (c *comparison) tagByGet() (*Manifest, *problem) {
	fact, known := c.fact(Need{Side: Destination, Action: ReadManifest})
	switch {
	case !known:
		return nil, unknown
	case fact.Claimed != "":
		return nil, manifestCorrupt(Destination, fact)
	}
	return fact.Manifest, nil
}

// hiddenFromHead returns the problem of a tag for which HEAD gave 404. There is none if
// GET does not find the tag, either.
func (c *comparison) hiddenFromHead() (*Manifest, *problem) {
	fact, known := c.fact(Need{Side: Destination, Action: ReadManifest})
	switch {
	case !known:
		return nil, unknown
	case fact.Missing:
		return nil, nil
	}
	digest := cmp.Or(fact.Claimed, fact.Digest)
	return nil, newProblem(DigestMissing, "the destination answers HEAD of the %s with 404, so containerd cannot pull the image; GET of the %s gives %s",
		c.tagOrDigest(), c.tagOrDigest(), digest).about(Object{Digest: digest, Kind: KindManifest})
}

// leadsNowhere returns the problem of a tag that leads to a digest which the
// destination does not serve.
func (c *comparison) leadsNowhere(digest string) *problem {
	object := Object{Digest: digest, Kind: KindManifest}
	if digest == c.Tag {
		return newProblem(DigestMissing, "the destination answers HEAD of the digest, and GET of it with 404, so containerd cannot pull the image").about(object)
	}
	fact, known := c.fact(Need{Side: Destination, Action: ReadManifest})
	gives := "nothing, either"
	switch {
	case !known:
		return unknown
	case !fact.Missing:
		gives = cmp.Or(fact.Claimed, fact.Digest)
	}
	return newProblem(DigestMissing, "the destination's tag leads to %s, which the destination does not serve, so containerd cannot pull the image; GET of the tag gives %s",
		digest, gives).about(object)
}

// tagOrDigest names for a message what the list has in the place of the tag.
func (c *comparison) tagOrDigest() string {
	if CheckDigest(c.Tag) == nil {
		return "digest"
	}
	return "tag"
}

// taggedDigest returns the digest to which the destination's tag leads, "" if there is
// none or it is not known.
func (c *comparison) taggedDigest() string {
	head, _ := c.peek(Need{Side: Destination, Action: ResolveTag})
	again, _ := c.peek(Need{Side: Destination, Action: ResolveTagAgain})
	get, _ := c.peek(Need{Side: Destination, Action: ReadManifest})
	return cmp.Or(again.Digest, head.Digest, get.Claimed, get.Digest)
}

// manifestCorrupt returns the problem of a manifest whose bytes do not have the digest
// under which the registry serves them.
func manifestCorrupt(side Side, fact Fact) *problem {
	reason := ManifestCorrupt
	if side == Source {
		reason = BadManifest
	}
	return newProblem(reason, "%s manifest %s is corrupt: its bytes have the digest %s", side, fact.Claimed, fact.Digest).
		about(Object{Digest: fact.Claimed, Kind: KindManifest})
}

// withPinned returns the verdict on an image that passed so far. If the tag leads to
// another manifest than the digest that the question names, a node that pulls by the
// digest must get the source's content, too. The digest may be another one than the
// source's: in "nginx:1 nginx:1@sha256:…" only the destination has it.
func (c *comparison) withPinned(verdict Verdict) Verdict {
	if c.Digest == "" || c.Rules != Content || c.taggedDigest() == c.Digest {
		return verdict
	}
	pinned, _ := c.fact(Need{Side: Destination, Action: ReadManifest, Digest: c.Digest}) // known since destinationTop
	if pinned.Manifest.ServedAs != "" {
		return Verdict{Status: Fail, Reason: DestinationType, Message: pinned.Manifest.servedAs(), Platforms: verdict.Platforms}
	}
	t, behind := c.readBehind(c.source, pinned.Manifest, nil)
	if t != nil {
		behind = c.compareTrees(t)
	}
	switch {
	case c.isWaiting():
		return Verdict{}
	case behind.Status != Pass:
		behind.Message = fmt.Sprintf("of %s, which the list names beside the tag: %s", c.Digest, behind.Message)
		return behind
	case behind.Match.isWeakerThan(verdict.Match):
		return behind
	}
	return verdict
}
