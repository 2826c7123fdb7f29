package validate

import (
	"cmp"
	"fmt"
	"slices"
)

// What a tag leads to: the images behind lists, and lists of lists.

// leaf is an image or an artifact that a tag leads to.
type leaf struct {
	Descriptor
	platform *Platform // what it is offered for, by its list, else by its config; nil if by neither
	normal   Platform  // the same, normalised
	manifest *Manifest // nil if there was no need to read it
	artifact bool
	hidden   string // why nodes do not find it behind its list, "" if they do

	// Why nothing else is known of it, "" if that is not so.
	reason  Reason
	message string
}

const (
	// maxLevels is how deep lists may lie within lists: nobody makes more than two.
	maxLevels = 8
	// maxRead is how many lists, and entries of them without a platform, are read
	// to find out what a tag leads to, and maxReadBytes how many bytes of these.
	maxRead      = 1000
	maxReadBytes = 64 << 20
	// maxReadAtOnce keeps a list of many such entries from being read before
	// maxReadBytes can tell that it is too much.
	maxReadAtOnce = 64
)

// Annotations with which BuildKit marks attestations, and what they are of.
// https://docs.docker.com/build/metadata/attestations/attestation-storage/
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	attestationManifest       = "attestation-manifest"
)

// attests returns the digest of the image that the entry is an attestation of,
// or "".
func (d Descriptor) attests() string {
	if !d.IsAttestation() {
		return ""
	}
	return d.Annotations[annotationReferenceDigest]
}

// attests is the same where the config, not the list, tells the platform.
func (l leaf) attests() string {
	if l.platform != nil && *l.platform != (Platform{}) && !l.platform.isUnknown() {
		return ""
	}
	return l.Descriptor.attests()
}

// isUnknown says whether nothing runs on the platform: attestations have it.
func (p Platform) isUnknown() bool { return p.Architecture == "unknown" && p.OS == "unknown" }

// isLabelled says whether a list tells what its entry runs on.
func (d Descriptor) isLabelled() bool {
	return d.Platform != nil && (d.Platform.Architecture != "" || d.Platform.OS != "")
}

func isListType(mediaType string) bool {
	return mediaType == TypeDockerList || mediaType == TypeOCIIndex
}

// climber collects the leaves of one side.
type climber struct {
	*comparison
	side   Side
	shared map[string]bool // what the destination has, too
	seen   map[string]bool // lists
	reads  int
	bytes  int64
	leaves []leaf
	broken *Verdict // the tree is none
}

// leaves returns what a manifest leads to. What the destination holds as well,
// by its digest, is read there: at public registries a GET costs quota.
func (c *comparison) leaves(side Side, top *Manifest, shared map[string]bool) ([]leaf, *Verdict) {
	climb := &climber{comparison: c, side: side, shared: shared, seen: map[string]bool{}}
	if top.IsList() {
		climb.list(top, nil, "", 1)
	} else {
		climb.image(Descriptor{MediaType: top.MediaType, Digest: top.Digest, Size: top.Size}, top, "")
	}
	for i := range climb.leaves {
		if l := &climb.leaves[i]; l.platform != nil {
			l.normal = l.platform.normal()
		}
	}
	return climb.leaves, climb.broken
}

// list adds what a list leads to, which another list may offer for a platform,
// or hide.
func (c *climber) list(list *Manifest, platform *Platform, hidden string, level int) {
	if c.seen[list.Digest] || c.broken != nil {
		return
	}
	c.seen[list.Digest] = true
	if level > maxLevels {
		c.refuse("its lists lie more than %d levels deep", maxLevels)
		return
	}
	others := 0 // entries without a platform
	for _, child := range list.Children {
		if c.broken != nil {
			return
		}
		hidden := cmp.Or(hidden, hides(platform, child, others))
		if child.Platform == nil {
			others++
		}
		if !child.isLabelled() {
			child.Platform = platform
		}
		switch {
		case isListType(child.MediaType):
			if nested, ok := c.read(child); ok {
				c.list(nested, child.Platform, hidden, level+1)
			}
		case child.isLabelled():
			c.leaves = append(c.leaves, leaf{Descriptor: child, platform: child.Platform, hidden: hidden})
		case child.ArtifactType != "":
			c.leaves = append(c.leaves, leaf{Descriptor: child, artifact: true})
		default:
			manifest, ok := c.read(child)
			switch {
			case !ok:
			case manifest.IsList():
				c.list(manifest, nil, hidden, level+1)
			default:
				c.image(child, manifest, hidden)
			}
		}
	}
}

// hides says why nodes do not find an entry of a list, or is "". They choose by
// the platforms of the list, and of the entries without one they take the first
// without a look at the others, if no other fits.
// https://github.com/containerd/containerd/blob/v2.1.0/core/images/image.go (Manifest)
// https://github.com/containers/image/blob/v5.34.0/internal/manifest/oci_index.go (chooseInstance)
func hides(platform *Platform, child Descriptor, others int) string {
	switch {
	case child.Platform == nil && others > 0:
		return "it has no platform in its list and stands behind another such entry, which nodes take instead"
	case child.Platform != nil && !child.isLabelled():
		return "its platform in the list is empty"
	case !slices.Contains(ManifestTypes, child.MediaType):
		return fmt.Sprintf("its media type in the list, %q, is none of an image", child.MediaType)
	case child.Platform != nil && platform != nil:
		if what, outer, inner := contradiction(*platform, *child.Platform); what != "" {
			return fmt.Sprintf("its list says %s %q, and the list that names that says %q", what, inner, outer)
		}
	}
	return ""
}

func (c *climber) refuse(format string, args ...any) {
	if c.broken == nil {
		c.broken = &Verdict{Status: Error, Reason: BadManifest, Message: c.side.String() + " manifest: " + fmt.Sprintf(format, args...)}
	}
}

// read returns the manifest of an entry. If there is none, the entry is a leaf
// of which nothing else is known.
func (c *climber) read(child Descriptor) (*Manifest, bool) {
	if c.reads++; c.reads > maxRead {
		c.refuse("more than %d manifests would have to be read to find out what it offers", maxRead)
		return nil, false
	}
	fact, ok := Fact{Missing: true}, true
	if c.side == Source && c.shared[child.Digest] {
		fact, ok = c.manifestOf(Destination, child.Digest)
	}
	if ok && fact.Missing {
		fact, ok = c.manifestOf(c.side, child.Digest)
	}
	switch {
	case !ok:
		return nil, false
	case fact.Missing:
		reason := ChildMissing
		if c.side == Source {
			reason = SourceMissing
		}
		c.leaves = append(c.leaves, leaf{Descriptor: child, reason: reason, message: namesMissing(c.side, child.Digest)})
		return nil, false
	}
	if c.bytes += fact.Manifest.Size; c.bytes > maxReadBytes {
		c.refuse("more than %d bytes of manifests would have to be read to find out what it offers", maxReadBytes)
		return nil, false
	}
	return fact.Manifest, true
}

// manifestOf is known, or to be read in its turn.
func (c *climber) manifestOf(side Side, digest string) (Fact, bool) {
	need := Need{Side: side, What: Read, Digest: digest}
	if _, ok := c.known[need]; !ok && len(c.needs) >= maxReadAtOnce {
		return Fact{}, false
	}
	return c.ask(need)
}

// namesMissing is what is wrong with a list one of whose entries is not there.
func namesMissing(side Side, digest string) string {
	return fmt.Sprintf("%s list names %s, which the registry does not have", side, digest)
}

// image adds an image that no list labels: its config tells what it runs on.
func (c *climber) image(d Descriptor, manifest *Manifest, hidden string) {
	l := leaf{Descriptor: d, manifest: manifest, hidden: hidden}
	switch {
	case manifest.IsSchema1():
		l.platform = &manifest.Schema1.Platform
	case manifest.isArtifact():
		l.artifact = true
	default:
		side := c.side
		if c.shared[manifest.Config.Digest] {
			side = Destination
		}
		config, problem, ok := c.config(side, manifest)
		if !ok {
			return
		}
		if problem.reason != "" && side != c.side {
			if config, problem, ok = c.config(c.side, manifest); !ok {
				return
			}
		}
		if l.reason, l.message = problem.reason, problem.message; config != nil {
			l.platform = &config.Platform
		}
	}
	c.leaves = append(c.leaves, l)
}

// config reads an image's config, or says why it cannot be had.
func (c *comparison) config(side Side, manifest *Manifest) (config *Config, problem difference, ok bool) {
	if manifest.IsSchema1() {
		return manifest.Schema1, difference{}, true
	}
	digest := manifest.Config.Digest
	fact, ok := c.know(side, Blob, digest)
	switch {
	case !ok:
		return nil, difference{}, false
	case fact.Config != nil:
		return fact.Config, difference{}, true
	case fact.Missing && side == Source:
		return nil, difference{SourceMissing, fmt.Sprintf("source config %s does not exist: the source image is broken", digest)}, true
	case fact.Missing:
		return nil, difference{BlobMissing, fmt.Sprintf("destination does not have the config %s of %s", digest, manifest.Digest)}, true
	case side == Source:
		return nil, difference{BadManifest, fmt.Sprintf("source config %s is corrupt: its bytes have the digest %s", digest, fact.Digest)}, true
	}
	return nil, difference{BlobCorrupt, fmt.Sprintf("destination config %s of %s is corrupt: its bytes have the digest %s", digest, manifest.Digest, fact.Digest)}, true
}

// digests are those of leaves that are known to be there, and of their configs.
func digests(leaves []leaf, lists *Manifest) map[string]bool {
	all := map[string]bool{}
	for _, l := range leaves {
		if l.reason != "" {
			continue
		}
		all[l.Digest] = true
		if l.manifest != nil {
			all[l.manifest.Config.Digest] = true
		}
	}
	for _, child := range lists.Children {
		if isListType(child.MediaType) {
			all[child.Digest] = true
		}
	}
	return all
}

// attestations returns the attestations by the digest of what they are of.
func attestations(leaves []leaf) map[string][]leaf {
	of := map[string][]leaf{}
	for _, l := range leaves {
		if digest := l.attests(); digest != "" {
			of[digest] = append(of[digest], l)
		}
	}
	return of
}
