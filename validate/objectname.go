package validate

import "slices"

// ObjectName names what a need asks for, such as "layer 3 of linux/arm64", for the
// message of an error. It returns "" if the known manifests do not name it, or if it is
// the manifest under the tag.
func ObjectName(known Known, need Need) string {
	var names []string
	for other, fact := range known {
		if other.Side != need.Side || fact.Manifest == nil || need.Digest == "" {
			continue
		}
		m := fact.Manifest
		if child := m.child(need.Digest); child != nil && child.isLabelled() {
			names = append(names, "the manifest of "+child.Platform.String())
		}
		if part := m.partName(need.Digest); part != "" {
			names = append(names, part+known.ofPlatform(need.Side, m.Digest))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names) // several images may share a layer
}

// partName names a blob of an image, or returns "".
func (m *Manifest) partName(digest string) string {
	if m.Config.Digest == digest {
		return "the config"
	}
	if i := slices.IndexFunc(m.Layers, func(layer Descriptor) bool { return layer.Digest == digest }); i >= 0 {
		return layerName(i + 1)
	}
	return ""
}

// ofPlatform returns words for the platform that a list gives a manifest, or "".
func (known Known) ofPlatform(side Side, digest string) string {
	var names []string
	for need, fact := range known {
		if need.Side != side || fact.Manifest == nil {
			continue
		}
		if child := fact.Manifest.child(digest); child != nil && child.isLabelled() {
			names = append(names, " of "+child.Platform.String())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}
