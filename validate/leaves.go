package validate

import (
	"cmp"
	"fmt"
	"slices"
)

// What a tag leads to: the images behind lists, and lists of lists.

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
