package wire

import (
	"strings"
	"time"

	"mvrun/engine/imagelist"
)

// What is particular to Docker Hub: it has one quota for all its projects, and
// counts GETs of manifests only. Other registries count alike where they are a
// cache of it.
// https://docs.docker.com/docker-hub/usage/pulls/

// dockerHubWindow is the time in which Docker Hub counts pulls. It is used if an
// answer says that the quota is spent, but not until when.
const dockerHubWindow = 6 * time.Hour

func isDockerHub(registry string) bool { return registry == imagelist.DockerHub }

// isDockerHubSpent reports whether the words of a 429 say that the pulls are
// spent. With other words Docker Hub only asks to be asked more slowly.
func isDockerHubSpent(words string) bool {
	return strings.Contains(strings.ToLower(words), "pull rate limit")
}
