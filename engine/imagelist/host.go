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
	if strings.Contains(place, "://") {
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
	case prefix == "":
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

// splitPlace splits HOST[:PORT][/PREFIX]. Both are "" for the place "".
func splitPlace(place string) (registry, prefix string) {
	registry, prefix, _ = strings.Cut(place, "/")
	return CanonicalRegistry(registry), prefix
}
