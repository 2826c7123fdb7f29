package imagelist

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// DockerHub is the registry of an image that names no registry. This is its name in
// lists; requests go to index.docker.io.
const DockerHub = "docker.io"

var registryPattern = regexp.MustCompile(`^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$`)

// CanonicalRegistry returns the one name under which mvrun knows a registry. Host
// names are the same in upper and in lower case, and Docker Hub has three names.
func CanonicalRegistry(registry string) string {
	switch registry = strings.ToLower(registry); registry {
	case "index.docker.io", "registry-1.docker.io":
		return DockerHub
	}
	return registry
}

// IsSameRegistry reports whether two names are of the same registry.
func IsSameRegistry(a, b string) bool { return CanonicalRegistry(a) == CanonicalRegistry(b) }

// CheckRegistry returns an error if a registry is not written as HOST[:PORT].
func CheckRegistry(registry string) error {
	if !registryPattern.MatchString(registry) {
		return fmt.Errorf("%s is no registry: want HOST or HOST:PORT, without scheme and path", quote(registry))
	}
	if colon := strings.LastIndexByte(registry, ':'); colon > strings.LastIndexByte(registry, ']') {
		if port, err := strconv.Atoi(registry[colon+1:]); err != nil || port < 1 || port > 65535 {
			return fmt.Errorf("%s is no registry: ports go from 1 to 65535", quote(registry))
		}
	}
	return nil
}

// CheckPlace returns an error if a place is not written as HOST[:PORT][/PREFIX].
func CheckPlace(place string) error {
	registry, prefix, hasPrefix := strings.Cut(place, "/")
	if strings.Contains(place, "://") || !registryPattern.MatchString(registry) {
		return fmt.Errorf("%s is no registry: want HOST or HOST:PORT, with or without a /PREFIX, and no scheme", quote(place))
	}
	if err := CheckRegistry(registry); err != nil {
		return err
	}
	if !hasPrefix {
		return nil
	}
	err := checkPath(prefix)
	switch {
	case strings.HasSuffix(place, "/"):
		err = errors.New("leave out the slash at the end")
	case errors.Is(err, ErrTagged):
		err = errors.New("a prefix has no tag or digest")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", quote(place), err)
	}
	return nil
}

// RegistryOf returns the registry of a place, HOST[:PORT][/PREFIX], as
// CanonicalRegistry does. It is "" for the place "".
func RegistryOf(place string) string {
	registry, _ := splitPlace(place)
	return registry
}

// looksLikeRegistry reports whether the first part of a name is its registry, and not
// a project of Docker Hub.
func looksLikeRegistry(first string) bool {
	return strings.ContainsAny(first, ".:") || strings.EqualFold(first, "localhost")
}

// httpsPort is the port of a registry that names none.
const httpsPort = ":443"

// asWritten returns a registry as a list names it. A list would take a registry such as
// "mirror", which only -s and -d can name, for a project of Docker Hub: so it gets its
// port.
func asWritten(registry string) string {
	if looksLikeRegistry(registry) {
		return registry
	}
	return registry + httpsPort
}

// splitPlace splits HOST[:PORT][/PREFIX]. Both are "" for the place "".
func splitPlace(place string) (registry, prefix string) {
	registry, prefix, _ = strings.Cut(place, "/")
	return CanonicalRegistry(registry), prefix
}
