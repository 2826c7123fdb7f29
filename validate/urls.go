package validate

import (
	"fmt"
	"slices"
	"strings"
)

// elsewhere says that nodes get an object from another place than the destination's
// registry, because of the URLs in the descriptor that names it. It returns "" if they do
// not, or if the source has the same URLs. containerd tries the URLs of any descriptor
// before the registry, and gives up if one of them does not answer.
// https://github.com/containerd/containerd/blob/v2.1.0/core/remotes/docker/fetcher.go (Fetch)
func elsewhere(source, destination Descriptor) string {
	for _, url := range destination.URLs {
		scheme, _, _ := strings.Cut(strings.ToLower(url), "://")
		if (scheme == "http" || scheme == "https") && !slices.Contains(source.URLs, url) {
			return fmt.Sprintf("it has the URL %q at the destination and not at the source, and containerd gets it from there, not from the registry", shorten(url, maxNote))
		}
	}
	return ""
}
