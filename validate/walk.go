package validate

import (
	"cmp"
	"fmt"
	"slices"
)

const (
	// maxLevels is how deep lists may lie within lists. Nobody makes more than two
	// levels.
	maxLevels = 8
	// maxRead is how many manifests are read at the most to find out what a tag
	// leads to, and maxReadBytes how many bytes these may have together.
	maxRead      = 1000
	maxReadBytes = 64 << 20
	// maxReadAtOnce is how many of them are read in one round. More could break
	// maxReadBytes before anybody counted.
	maxReadAtOnce = 64
)

// walk finds the images that a tag leads to on one side, through lists and
// lists of lists.
type walk struct {
	*comparison
	side    Side
	shared  map[string]bool // digests that the destination has, too
	seen    map[string]bool // digests of lists
	reads   int
	bytes   int64
	images  []image
	refused *Verdict // why the walk was given up, nil if it was not
}

// imagesBehind returns the images that a manifest leads to, or the verdict if
// that is too much to read. Manifests and configs whose digests are shared are
// read at the destination: at public registries a GET costs quota.
func (c *comparison) imagesBehind(side Side, top *Manifest, shared map[string]bool) ([]image, *Verdict) {
	w := &walk{comparison: c, side: side, shared: shared, seen: map[string]bool{}}
	if top.IsList() {
		w.enter(top, nil, "", 1)
	} else {
		w.add(Descriptor{MediaType: top.MediaType, Digest: top.Digest, Size: top.Size}, top, "")
	}
	for i := range w.images {
		if img := &w.images[i]; img.platform != nil {
			img.normalized = img.platform.normal()
		}
	}
	return w.images, w.refused
}

// enter walks through the entries of a list. If the list is an entry of another
// list, that may say its platform, or hide it from nodes; both then hold for the
// entries, too.
func (w *walk) enter(list *Manifest, platform *Platform, hidden string, level int) {
	if w.seen[list.Digest] {
		return
	}
	w.seen[list.Digest] = true
	if level > maxLevels {
		w.refuse("its lists lie more than %d levels deep", maxLevels)
		return
	}
	unlabelled := 0 // entries without a platform so far
	for _, entry := range list.Children {
		if w.refused != nil {
			return
		}
		hidden := cmp.Or(hidden, hiddenBecause(platform, entry, unlabelled))
		if entry.Platform == nil {
			unlabelled++
		}
		if !entry.isLabelled() {
			entry.Platform = platform
		}
		w.visit(entry, hidden, level)
	}
}

// visit adds the images that an entry leads to. The entry's manifest is read only
// if it is a list, or if the list does not tell its platform.
func (w *walk) visit(entry Descriptor, hidden string, level int) {
	switch {
	case isListType(entry.MediaType):
		if list := w.read(entry); list != nil {
			w.enter(list, entry.Platform, hidden, level+1)
		}
	case entry.isLabelled():
		w.images = append(w.images, image{Descriptor: entry, platform: entry.Platform, hidden: hidden})
	case entry.ArtifactType != "":
		w.images = append(w.images, image{Descriptor: entry, artifact: true})
	default:
		manifest := w.read(entry)
		switch {
		case manifest == nil:
		case manifest.IsList():
			w.enter(manifest, nil, hidden, level+1)
		default:
			w.add(entry, manifest, hidden)
		}
	}
}

// hiddenBecause says why nodes do not find an entry of a list, or returns "".
// Nodes choose by the platforms in the list. If none fits, they take the first
// entry without a platform, and do not look at further ones.
// https://github.com/containerd/containerd/blob/v2.1.0/core/images/image.go (Manifest)
// https://github.com/containers/image/blob/v5.34.0/internal/manifest/oci_index.go (chooseInstance)
func hiddenBecause(outer *Platform, entry Descriptor, unlabelledBefore int) string {
	switch {
	case entry.Platform == nil && unlabelledBefore > 0:
		return "it has no platform in its list and stands behind another such entry, which nodes take instead"
	case entry.Platform != nil && !entry.isLabelled():
		return "its platform in the list is empty"
	case !slices.Contains(ManifestTypes, entry.MediaType):
		return fmt.Sprintf("its media type in the list, %q, is none of an image", entry.MediaType)
	case entry.Platform != nil && outer != nil:
		if field, outer, inner := contradiction(*outer, *entry.Platform); field != "" {
			return fmt.Sprintf("its list says %s %q, and the list that names that says %q", field, inner, outer)
		}
	}
	return ""
}

// refuse gives the walk up.
func (w *walk) refuse(format string, args ...any) {
	if w.refused == nil {
		w.refused = &Verdict{Status: Error, Reason: BadManifest, Message: w.side.String() + " manifest: " + fmt.Sprintf(format, args...)}
	}
}

// read returns the manifest of an entry, or nil if that is unknown, too much to
// read, or missing. A missing one is added as an image with a problem.
func (w *walk) read(entry Descriptor) *Manifest {
	if w.reads++; w.reads > maxRead {
		w.refuse("more than %d manifests would have to be read to find out what it offers", maxRead)
		return nil
	}
	fact, known := Fact{Missing: true}, true
	if w.side == Source && w.shared[entry.Digest] {
		fact, known = w.manifestOf(Destination, entry.Digest)
	}
	if known && fact.Missing {
		fact, known = w.manifestOf(w.side, entry.Digest)
	}
	switch {
	case !known:
		return nil
	case fact.Missing:
		w.images = append(w.images, image{Descriptor: entry, problem: entryMissing(w.side, entry.Digest)})
		return nil
	}
	if w.bytes += fact.Manifest.Size; w.bytes > maxReadBytes {
		w.refuse("more than %d bytes of manifests would have to be read to find out what it offers", maxReadBytes)
		return nil
	}
	return fact.Manifest
}

// manifestOf returns the fact of a manifest. It notes no further need if there
// are enough for one round.
func (w *walk) manifestOf(side Side, digest string) (fact Fact, known bool) {
	need := Need{Side: side, Action: ReadManifest, Digest: digest}
	if len(w.needs) >= maxReadAtOnce {
		return w.peek(need)
	}
	return w.fact(need)
}

// add adds an image whose platform no list tells: its config does.
func (w *walk) add(d Descriptor, manifest *Manifest, hidden string) {
	img := image{Descriptor: d, manifest: manifest, hidden: hidden}
	if manifest.isArtifact() {
		img.artifact = true
	} else {
		config, p := w.configOf(manifest)
		if p == unknown {
			return
		}
		img.problem = p
		if p == nil {
			img.platform = &config.Platform
		}
	}
	w.images = append(w.images, img)
}

// configOf returns an image's config, from the destination if it is there, too.
func (w *walk) configOf(manifest *Manifest) (*Config, *problem) {
	if w.side == Source && w.shared[manifest.Config.Digest] {
		if config, p := w.config(Destination, manifest); p == nil || p == unknown {
			return config, p
		}
	}
	return w.config(w.side, manifest)
}
