package validate

// A descriptor may have the bytes that it describes in itself, in its field data, in
// base64. containerd uses them instead of fetching, if their length is the size in the
// descriptor. It refuses the image if their digest is wrong. Bytes of another length
// are ignored, and other nodes do not know the field.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#embedded-content
// https://github.com/containerd/containerd/blob/v2.1.0/core/remotes/handlers.go (Fetch)

// dropRightData leaves Data only if containerd would use it, and it is wrong.
func (d *Descriptor) dropRightData() {
	if len(d.Data) == 0 {
		return
	}
	if int64(len(d.Data)) != d.Size || Digest(Algorithm(d.Digest), d.Data) == d.Digest {
		d.Data = nil
	}
}

// checkInlined checks the bytes that the destination's list and manifest have in
// themselves for an image. It reads nothing: at the depth Manifests, not every manifest
// is known.
func (c *comparison) checkInlined(img image, match Match) (wrong problems) {
	sameTop := c.topDigest(Source) == c.topDigest(Destination)
	for _, list := range c.listsAround(img) {
		wrong.add(checkData(ManifestCorrupt, "list", list, sameTop))
	}
	wrong.add(checkData(ManifestCorrupt, "manifest", img.Descriptor, sameTop))
	manifest := img.manifest
	if manifest == nil {
		fact, _ := c.peek(Need{Side: Destination, Action: ReadManifest, Digest: img.Digest})
		manifest = fact.Manifest
	}
	if manifest == nil {
		return wrong
	}
	wrong.add(checkData(BlobCorrupt, "config", manifest.Config, match == Identical))
	for i, layer := range manifest.Layers {
		wrong.add(checkData(BlobCorrupt, layerName(i+1), layer, match == Identical))
	}
	return wrong
}

// listsAround returns the entries of the destination's list that are lists, name an
// image, and have wrong bytes in themselves. Lists that lie deeper are not among them:
// nobody makes them.
func (c *comparison) listsAround(img image) (lists []Descriptor) {
	top, p := c.destinationTop()
	if p != nil || top == nil {
		return nil
	}
	for _, entry := range top.Children {
		if len(entry.Data) == 0 {
			continue
		}
		fact, _ := c.peek(Need{Side: Destination, Action: ReadManifest, Digest: entry.Digest})
		if fact.Manifest != nil && fact.Manifest.child(img.Digest) != nil {
			lists = append(lists, entry)
		}
	}
	return lists
}

// checkData returns a problem if a descriptor has wrong bytes in itself. atSource says
// that the source's descriptor has them, too.
func checkData(reason Reason, name string, d Descriptor, atSource bool) *problem {
	if len(d.Data) == 0 {
		return nil
	}
	hint := ""
	if atSource {
		hint = ". The source has the same field, so mirroring the image again does not help"
	}
	return newProblem(reason, "%s, %s, is corrupt in the field data of its descriptor, which containerd uses instead of fetching: its bytes there have the digest %s%s",
		name, d.Digest, Digest(Algorithm(d.Digest), d.Data), hint)
}
