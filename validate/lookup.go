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
		c.warnOfMisread(need, *fact)
		return *fact, true
	}
	return Fact{}, false
}

// tops returns the manifests under the tag on both sides. source is nil if it does not
// exist. If destination is nil, lost says why, such as that it does not exist.
//
// At public registries a GET of a manifest costs quota, and a HEAD does not. So
// the source is only asked for the digest, and the manifest of this digest is
// read at the destination, if it is there.
func (c *comparison) tops() (source, destination *Manifest, lost *problem, known bool) {
	head, knownSource := c.fact(Need{Side: Source, Action: HeadManifest})
	destination, lost = c.destinationTop()
	if !knownSource || lost == unknown {
		return nil, nil, unknown, false
	}
	if destination == nil && lost == nil {
		lost = c.destinationMissing()
	}
	c.source, known = c.sourceTop(head, destination)
	return c.source, destination, lost, known
}

// sourceTop returns the source's manifest under the tag. head is the answer to a HEAD
// request.
func (c *comparison) sourceTop(head Fact, destination *Manifest) (source *Manifest, known bool) {
	switch {
	case head.Missing || head.Manifest != nil:
		return head.Manifest, true
	case destination != nil && destination.Digest == head.Digest:
		return destination, true
	case destination != nil && destination.child(head.Digest) != nil:
		child, known := c.fact(Need{Side: Destination, Action: ReadManifest, Digest: head.Digest})
		if !known || child.Manifest != nil {
			return child.Manifest, known
		}
	}
	read, known := c.fact(Need{Side: Source, Action: ReadManifest})
	return read.Manifest, known
}

// topDigest returns the digest under the tag. Whoever has the manifests under the
// tag has this, too.
func (c *comparison) topDigest(side Side) string {
	if side == Destination {
		return c.taggedDigest()
	}
	fact, _ := c.peek(Need{Side: Source, Action: HeadManifest})
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
		return nil, entryMissing(side, img.Digest, fact)
	case fact.Claimed != "":
		return nil, manifestCorrupt(side, fact)
	}
	return fact.Manifest, nil
}

// entryMissing returns the problem that a list names what its registry does not
// have.
func entryMissing(side Side, digest string, fact Fact) *problem {
	reason := ChildMissing
	if side == Source {
		reason = SourceMissing
	}
	return newProblem(reason, "%s list names %s, which the registry does not have%s", side, digest, fact.atStore())
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
		return nil, newProblem(SourceMissing, "source config %s does not exist: the source image is broken%s", digest, fact.atStore())
	case fact.Missing:
		return nil, newProblem(BlobMissing, "destination does not have the config %s of %s%s", digest, manifest.Digest, fact.atStore()).about(Object{Digest: digest, Kind: KindConfig})
	case side == Source:
		return nil, newProblem(BadManifest, "source config %s is corrupt: its bytes have the digest %s", digest, fact.Digest)
	}
	return nil, newProblem(BlobCorrupt, "destination config %s of %s is corrupt: its bytes have the digest %s", digest, manifest.Digest, fact.Digest).
		about(Object{Digest: digest, Kind: KindConfig})
}
