package validate

import (
	"cmp"
	"fmt"
	"slices"
)

const (
	// maxLevels is how many levels of lists inside lists are allowed. Nobody makes
	// more than two levels.
	maxLevels = 8
	// maxRead is how many manifests are read at most to find the images behind a
	// tag. maxReadBytes is how many bytes all of them together may have.
	maxRead      = 1000
	maxReadBytes = 64 << 20
	// maxReadAtOnce is how many manifests are read in one round. With more, a round
	// could exceed maxReadBytes, because bytes are counted after the round.
	maxReadAtOnce = 64
)

// walk finds the images behind a tag on one side. It follows lists, and lists in
// lists.
type walk struct {
	*comparison
	side    Side
	shared  map[string]bool // digests of manifests and configs that the destination has, too
	seen    map[string]bool // digests of the lists that were entered
	reads   int             // how many manifests were read
	bytes   int64           // how many bytes these manifests have
	images  []image         // the images that were found
	refused *Verdict        // why the walk was stopped; nil if it was not
}

// imagesBehind returns the images behind a manifest. If there is too much to read,
// it returns a verdict that says so. Manifests and configs whose digests are shared
// are read from the destination, because each read from a public source costs quota.
func (c *comparison) imagesBehind(side Side, top *Manifest, shared map[string]bool) ([]image, *Verdict) {
	w := &walk{comparison: c, side: side, shared: shared, seen: map[string]bool{}}
	if top.IsList() {
		w.enter(top, place{level: 1})
	} else {
		w.add(Descriptor{MediaType: top.MediaType, Digest: top.Digest, Size: top.Size}, top, place{})
	}
	for i := range w.images {
		if img := &w.images[i]; img.platform != nil {
			img.normalized = img.platform.normal()
		}
	}
	return w.images, w.refused
}

// place is where a list or an image stands in the lists behind a tag.
type place struct {
	platform *Platform // the platform that the list around names for it, or nil
	hidden   string    // why nodes do not get it from the list around; "" if they get it
	blocks   bool      // nodes find it in the list around, and cannot use it
	level    int       // how many lists lead to it; a list counts itself
}

// enter visits the entries of a list. What the list around says of the list counts
// for all its entries.
func (w *walk) enter(list *Manifest, at place) {
	if w.seen[list.Digest] {
		return
	}
	w.seen[list.Digest] = true
	if at.level > maxLevels {
		w.refuse("its lists lie more than %d levels deep", maxLevels)
		return
	}
	unlabelled := 0 // how many of the entries so far name no platform
	for _, entry := range list.Children {
		if w.refused != nil {
			return
		}
		inside := at
		inside.hidden = cmp.Or(at.hidden, hiddenBecause(at.platform, entry, unlabelled))
		inside.blocks = at.blocks || !slices.Contains(ManifestTypes, entry.MediaType) || lacksOS(entry)
		if entry.Platform == nil {
			unlabelled++
		}
		entry.Platform = narrowed(at.platform, entry)
		w.visit(entry, inside)
	}
}

// narrowed returns the platform of an entry of an inner list: what the entry says,
// and what the outer list says beyond that. outer is nil if it says nothing.
func narrowed(outer *Platform, entry Descriptor) *Platform {
	switch {
	case !entry.isLabelled():
		return outer
	case outer == nil:
		return entry.Platform
	}
	platform := *entry.Platform
	platform.OSVersion = cmp.Or(platform.OSVersion, outer.OSVersion)
	platform.OSFeatures = cmp.Or(platform.OSFeatures, outer.OSFeatures)
	return &platform
}

// visit adds the images behind an entry. It reads the entry's manifest only if the
// entry is a list, or if the entry does not name its platform.
func (w *walk) visit(entry Descriptor, at place) {
	switch {
	case isListType(entry.MediaType):
		manifest := w.read(entry, at)
		switch {
		case manifest == nil, manifest.IsList() && !w.hasListedSize(entry, manifest, at):
		case manifest.IsList():
			before := len(w.images)
			w.enter(manifest, place{entry.Platform, at.hidden, at.blocks, at.level + 1})
			w.addBarren(entry, w.images[before:], at)
		default:
			at.blocks = true
			at.hidden = cmp.Or(at.hidden, fmt.Sprintf("its media type in the list, %q, is that of a list, and it is none", entry.MediaType))
			w.add(entry, manifest, at)
		}
	case entry.isLabelled():
		w.append(image{Descriptor: entry, platform: entry.Platform}, at)
	case entry.isArtifact():
		w.append(image{Descriptor: entry, artifact: true}, place{level: at.level})
	default:
		manifest := w.read(entry, at)
		switch {
		case manifest == nil, manifest.IsList() && !w.hasListedSize(entry, manifest, at):
		case manifest.IsList():
			w.enter(manifest, place{nil, at.hidden, at.blocks, at.level + 1})
		default:
			w.add(entry, manifest, at)
		}
	}
}

// addBarren adds an inner list as an image if the list around names a platform for it of
// which it has no image. Nodes of that platform take the list, and find nothing in it.
func (w *walk) addBarren(list Descriptor, inside []image, at place) {
	if !list.isLabelled() || slices.ContainsFunc(inside, func(img image) bool {
		return img.problem != nil || img.platform != nil && samePlatform(*list.Platform, *img.platform)
	}) {
		return
	}
	at.hidden, at.blocks = cmp.Or(at.hidden, "it is a list in the list, and has no image for this platform"), true
	w.append(image{Descriptor: list, platform: list.Platform, barren: true}, at)
}

// append adds an image, and what its place means for nodes.
func (w *walk) append(img image, at place) {
	img.hidden, img.blocks, img.nested = at.hidden, at.blocks, at.level > 1
	img.unnamed = !img.isLabelled() || img.nested && at.platform == nil
	w.images = append(w.images, img)
}

// hiddenBecause says why nodes do not find an entry of a list. It returns "" if they
// find it. A node looks for its platform in the list. If no entry names it, the node
// takes the first entry that names no platform, and ignores later ones. outer is the
// platform that an outer list names for the list, or nil.
// https://github.com/containerd/containerd/blob/v2.1.0/core/images/image.go (Manifest)
// https://github.com/containers/image/blob/v5.34.0/internal/manifest/oci_index.go (chooseInstance)
func hiddenBecause(outer *Platform, entry Descriptor, unlabelledBefore int) string {
	switch {
	case entry.Platform == nil && unlabelledBefore > 0:
		return "it has no platform in its list and stands behind another such entry, which nodes take instead"
	case entry.Platform != nil && !entry.isLabelled():
		return "its platform in the list is empty"
	case lacksOS(entry):
		return "its platform in the list names no OS: containerd takes that for its own OS, and CRI-O, Podman and Docker for none"
	case !slices.Contains(ManifestTypes, entry.MediaType):
		return fmt.Sprintf("its media type in the list, %q, is none of an image", entry.MediaType)
	case entry.Platform != nil && outer != nil:
		if field, outer, inner := contradiction(*outer, *entry.Platform); field != "" {
			return fmt.Sprintf("its list says %s %q, and the list that names that says %q", field, inner, outer)
		}
	}
	return ""
}

// lacksOS reports whether the entry of a list names an architecture and no OS. Only some
// nodes take such an entry.
// https://github.com/containerd/platforms/blob/v1.0.0/database.go (normalizeOS)
func lacksOS(entry Descriptor) bool {
	return entry.Platform != nil && entry.Platform.OS == "" && entry.Platform.Architecture != ""
}

// refuse stops the walk, with a message that says why.
func (w *walk) refuse(format string, args ...any) {
	if w.refused == nil {
		w.refused = &Verdict{Status: Error, Reason: BadManifest, Message: w.side.String() + " manifest: " + fmt.Sprintf(format, args...)}
	}
}

// read returns the manifest of an entry. It returns nil if the manifest is not known
// yet, is missing, or would be too much to read. If the manifest is missing, read
// adds an image with a problem.
func (w *walk) read(entry Descriptor, at place) *Manifest {
	if w.reads++; w.reads > maxRead {
		w.refuse("more than %d manifests would have to be read to find out what it offers", maxRead)
		return nil
	}
	fact, known := Fact{Missing: true}, true
	if w.side == Source && w.shared[entry.Digest] {
		fact, known = w.manifestOf(Destination, entry.Digest)
	}
	if known && fact.Manifest == nil {
		fact, known = w.manifestOf(w.side, entry.Digest)
	}
	switch {
	case !known:
		return nil
	case fact.Missing:
		w.append(image{Descriptor: entry, problem: entryMissing(w.side, entry.Digest, fact)}, place{level: at.level})
		return nil
	case fact.Claimed != "":
		w.append(image{Descriptor: entry, problem: manifestCorrupt(w.side, fact)}, place{level: at.level})
		return nil
	}
	if w.bytes += fact.Manifest.Size; w.bytes > maxReadBytes {
		w.refuse("more than %d bytes of manifests would have to be read to find out what it offers", maxReadBytes)
		return nil
	}
	return fact.Manifest
}

// manifestOf returns the fact about a manifest. If the fact is not known, manifestOf
// notes a need, unless there are already enough needs for one round.
func (w *walk) manifestOf(side Side, digest string) (fact Fact, known bool) {
	need := Need{Side: side, Action: ReadManifest, Digest: digest}
	if len(w.needs) >= maxReadAtOnce {
		return w.peek(need)
	}
	return w.fact(need)
}

// add adds an image whose manifest was read. If no list names its platform, add takes
// the platform from the image's config.
func (w *walk) add(d Descriptor, manifest *Manifest, at place) {
	img := image{Descriptor: d, manifest: manifest}
	switch {
	case manifest.isArtifact():
		img.artifact = true
	case d.isLabelled():
		img.platform = d.Platform
	default:
		config, p := w.configOf(manifest)
		if p == unknown {
			return
		}
		img.problem = p
		if p == nil {
			img.platform = &config.Platform
		}
	}
	w.append(img, at)
}

// configOf returns an image's config. It reads the config from the destination if
// that has the same config.
func (w *walk) configOf(manifest *Manifest) (*Config, *problem) {
	if w.side == Source && w.shared[manifest.Config.Digest] {
		if config, p := w.config(Destination, manifest); p == nil || p == unknown {
			return config, p
		}
	}
	return w.config(w.side, manifest)
}
