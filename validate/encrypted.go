package validate

import (
	"maps"
	"slices"
	"strings"
)

// The media type of an encrypted layer has this suffix. Its annotations have the key,
// encrypted for each recipient, and how the layer was encrypted.
// https://github.com/containers/ocicrypt/blob/v1.2.1/docs/design.md
const (
	encryptedSuffix      = "+encrypted"
	encryptionAnnotation = "org.opencontainers.image.enc."
)

func (d Descriptor) isEncrypted() bool { return strings.HasSuffix(d.MediaType, encryptedSuffix) }

// wrongKeys says why nodes that can decrypt a layer of the source cannot decrypt the
// destination's. It returns "" if they can. A layer that was encrypted anew has another
// key, and nobody without the key can tell its content. The destination may have more
// recipients: ocicrypt appends them after a comma.
func wrongKeys(source, destination Descriptor) string {
	if source.Digest != destination.Digest {
		return "it is encrypted, and " + source.Digest + " != " + destination.Digest + ": it is another layer, or encrypted anew with another key"
	}
	for _, name := range slices.Sorted(maps.Keys(source.Annotations)) {
		if !strings.HasPrefix(name, encryptionAnnotation) {
			continue
		}
		kept := strings.Split(destination.Annotations[name], ",")
		for key := range strings.SplitSeq(source.Annotations[name], ",") {
			if !slices.Contains(kept, key) {
				return "it is encrypted, and its annotation " + name + " is not the same at the destination: nodes cannot decrypt it there"
			}
		}
	}
	return ""
}
