package validate

// fact returns a fact, or notes that somebody has to read it.
func (c *comparison) fact(need Need) (fact Fact, known bool) {
	fact, known = c.peek(need)
	if !known && !c.asked[need] {
		if c.asked == nil {
			c.asked = map[Need]bool{}
		}
		c.asked[need] = true
		c.needs = append(c.needs, need)
	}
	return fact, known
}

// peek returns a fact if it was read, and notes no need otherwise.
func (c *comparison) peek(need Need) (fact Fact, known bool) {
	if fact, known := c.known[need]; known {
		return *fact, true
	}
	return Fact{}, false
}

// tops returns the manifests under the tag on both sides, nil for one that does
// not exist.
//
// At public registries a GET of a manifest costs quota, and a HEAD does not. So
// the source is only asked for the digest, and the manifest of this digest is
// read at the destination, if it is there.
func (c *comparison) tops() (source, destination *Manifest, known bool) {
	head, knownSource := c.fact(Need{Side: Source, Action: HeadManifest})
	top, knownDestination := c.fact(Need{Side: Destination, Action: ReadManifest})
	if !knownSource || !knownDestination {
		return nil, nil, false
	}
	destination = top.Manifest
	switch {
	case head.Missing || head.Manifest != nil:
		return head.Manifest, destination, true
	case destination != nil && destination.Digest == head.Digest:
		return destination, destination, true
	case destination != nil && destination.child(head.Digest) != nil:
		child, known := c.fact(Need{Side: Destination, Action: ReadManifest, Digest: head.Digest})
		if !known {
			return nil, nil, false
		}
		if !child.Missing {
			return child.Manifest, destination, true
		}
	}
	read, known := c.fact(Need{Side: Source, Action: ReadManifest})
	return read.Manifest, destination, known
}

// destinationTop returns the manifest under the destination's tag, nil if there is
// none.
func (c *comparison) destinationTop() (top *Manifest, p *problem) {
	fact, known := c.fact(Need{Side: Destination, Action: ReadManifest})
	if !known {
		return nil, unknown
	}
	return fact.Manifest, nil
}

// topDigest returns the digest under the tag. Whoever has the manifests under the
// tag has this, too.
func (c *comparison) topDigest(side Side) string {
	need := Need{Side: Destination, Action: ReadManifest}
	if side == Source {
		need = Need{Side: Source, Action: HeadManifest}
	}
	fact, _ := c.peek(need)
	return fact.Digest
}

// manifest returns an image's manifest.
func (c *comparison) manifest(side Side, img image) (*Manifest, *problem) {
	if img.manifest != nil {
		return img.manifest, nil
	}
	fact, known := c.fact(Need{Side: side, Action: ReadManifest, Digest: img.Digest})
	switch {
	case !known:
		return nil, unknown
	case fact.Missing:
		return nil, entryMissing(side, img.Digest)
	}
	return fact.Manifest, nil
}

// entryMissing returns the problem that a list names what its registry does not
// have.
func entryMissing(side Side, digest string) *problem {
	reason := ChildMissing
	if side == Source {
		reason = SourceMissing
	}
	return newProblem(reason, "%s list names %s, which the registry does not have", side, digest)
}

// config returns an image's config. An image of schema 1 has none; its manifest
// stands in for it.
func (c *comparison) config(side Side, manifest *Manifest) (*Config, *problem) {
	if manifest.IsSchema1() {
		return manifest.Schema1, nil
	}
	digest := manifest.Config.Digest
	fact, known := c.fact(Need{Side: side, Action: ReadConfig, Digest: digest})
	switch {
	case !known:
		return nil, unknown
	case fact.Config != nil:
		return fact.Config, nil
	case fact.Missing && side == Source:
		return nil, newProblem(SourceMissing, "source config %s does not exist: the source image is broken", digest)
	case fact.Missing:
		return nil, newProblem(BlobMissing, "destination does not have the config %s of %s", digest, manifest.Digest).about(Object{Digest: digest, Kind: KindConfig})
	case side == Source:
		return nil, newProblem(BadManifest, "source config %s is corrupt: its bytes have the digest %s", digest, fact.Digest)
	}
	return nil, newProblem(BlobCorrupt, "destination config %s of %s is corrupt: its bytes have the digest %s", digest, manifest.Digest, fact.Digest).
		about(Object{Digest: digest, Kind: KindConfig})
}
