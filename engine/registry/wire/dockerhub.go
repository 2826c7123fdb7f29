package wire

import (
	"strings"
	"time"

	"mvrun/engine/imagelist"
)

// Docker Hub differs from other registries: it has one quota for all its projects, and
// counts only GET requests for manifests. A registry that is a cache of Docker Hub
// counts in the same way.
// https://docs.docker.com/docker-hub/usage/pulls/

// dockerHubWindow is the time for which Docker Hub counts pulls. It is used if an
// answer says that the quota is spent, but does not say until when.
const dockerHubWindow = 6 * time.Hour

func isDockerHub(registry string) bool { return registry == imagelist.DockerHub }

// isDockerHubSpent reports whether the message of a 429 says that the quota for pulls
// is spent. Any other message of Docker Hub only means that requests come too fast.
func isDockerHubSpent(words string) bool {
	return strings.Contains(strings.ToLower(words), "pull rate limit")
}
