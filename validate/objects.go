package validate

import (
	"slices"
	"strings"
)

// foundObject is an object of the destination, and what is wrong with it.
type foundObject struct {
	Object
	corrupt bool
}

// noteObjects keeps the manifests and blobs that problems of a platform are about, for
// the verdict.
func (c *comparison) noteObjects(platform string, wrong problems) {
	for _, p := range wrong {
		if p.object.Digest == "" {
			continue
		}
		object := p.object
		object.Platform = platform
		found := foundObject{object, p.reason != BlobMissing && p.reason != DigestMissing}
		if !slices.Contains(c.found, found) {
			c.found = append(c.found, found)
		}
	}
}

// addObjects completes a verdict by the data that messages tell in words: the
// digests under the tag, which platforms are wanted, and the manifests and blobs
// that are missing or corrupt.
func (c *comparison) addObjects(v *Verdict) {
	v.SourceDigest, v.DestinationDigest = c.topDigest(Source), c.topDigest(Destination)
	if v.Status == Fail && v.Reason == DestinationMissing && v.SourceDigest != "" {
		v.Missing = append(v.Missing, Object{Digest: v.SourceDigest, Kind: KindManifest})
	}
	for i := range v.Platforms {
		p := &v.Platforms[i]
		p.Wanted = c.wanted(namedPlatform(p.Platform))
		switch p.Reason {
		case PlatformMissing:
			v.Missing = append(v.Missing, Object{Digest: p.Source, Kind: KindManifest, Platform: p.Platform})
		case ChildMissing:
			v.Missing = append(v.Missing, Object{Digest: p.Destination, Kind: KindManifest, Platform: p.Platform})
		}
	}
	for _, found := range c.found {
		if found.corrupt {
			v.Corrupt = append(v.Corrupt, found.Object)
		} else {
			v.Missing = append(v.Missing, found.Object)
		}
	}
}

// namedPlatform returns the platform of a name that Platform.String wrote, nil if
// the name is that of an artifact.
func namedPlatform(name string) *Platform {
	name, version, _ := strings.Cut(name, ":")
	parts := strings.Split(name, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return nil
	}
	platform := &Platform{OS: parts[0], Architecture: parts[1], OSVersion: version}
	if len(parts) == 3 {
		platform.Variant = parts[2]
	}
	return platform
}

// failEach returns the verdict on an image that fails as a whole, with a result
// for each of the images that it should have.
func (c *comparison) failEach(p *problem, selected []image) Verdict {
	c.noteObjects("", problems{*p})
	verdict := p.fail()
	for _, img := range selected {
		verdict.Platforms = append(verdict.Platforms, PlatformVerdict{Platform: img.name(), Source: img.Digest, Reason: p.reason})
	}
	return verdict
}
