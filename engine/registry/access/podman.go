package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"mvrun/engine/imagelist"
)

// podmanSource is the name of Podman's files in messages.
const podmanSource = "Podman's auth.json"

// podmanLogin returns the login for a registry. If namespace is true, key is a
// namespace of a registry, and no credential helper is asked, because helpers have no
// logins for namespaces.
func podmanLogin(ctx context.Context, key string, namespace bool) (authn.Authenticator, error) {
	for _, path := range podmanFiles() {
		file, err := podmanFile(path)
		if err != nil {
			return nil, err
		}
		// This does not call GetAuthConfig for two reasons. GetAuthConfig would look
		// for Docker's name of Docker Hub. And if each namespace of the registry has
		// its own login, it would return any of them.
		found, _ := byRegistry(file.AuthConfigs, key)
		where := path
		ofRegistry, written := byRegistry(file.CredentialHelpers, key)
		if helper := cmp.Or(ofRegistry, file.CredentialsStore); helper != "" && !namespace {
			where = helperPrefix + helper
			found, err = askHelper(ctx, helper, written)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if !isEmpty(found) {
			return loginAt(found, where), nil
		}
	}
	return authn.Anonymous, nil
}

// podmanKey returns the name that Podman's files have for a registry. Podman calls
// Docker Hub as lists do.
func podmanKey(registry name.Registry) string {
	return imagelist.CanonicalRegistry(registry.RegistryStr())
}

// byRegistry returns the value of a registry, or of a namespace of a registry, in a
// map. It also returns the key as the map has it, or the given key if the map has
// none for this registry.
func byRegistry[V any](values map[string]V, key string) (value V, written string) {
	if value, ok := values[key]; ok {
		return value, key
	}
	for _, other := range slices.Sorted(maps.Keys(values)) {
		if canonicalKey(other) == canonicalKey(key) {
			return values[other], other
		}
	}
	return value, key
}

// canonicalKey returns the one name of a registry or of its namespace.
func canonicalKey(key string) string {
	registry, path, found := strings.Cut(key, "/")
	if !found {
		return imagelist.CanonicalRegistry(registry)
	}
	return imagelist.CanonicalRegistry(registry) + "/" + path
}

// podmanFile reads one of Podman's files. If the file does not exist, podmanFile
// returns an empty configuration.
func podmanFile(path string) (*configfile.ConfigFile, error) {
	file, err := readConfig(path)
	if errors.Is(err, os.ErrNotExist) {
		return configfile.New(path), nil
	}
	return file, err
}

// podmanNamespaces returns the namespaces of a registry for which Podman has logins,
// such as quay.io/team. The longest name comes first.
func podmanNamespaces(registry string) []string {
	var found []string
	for _, path := range podmanFiles() {
		file, err := podmanFile(path)
		if err != nil {
			continue // podmanLogin will return this error
		}
		for key := range file.AuthConfigs {
			key = canonicalKey(key)
			if strings.HasPrefix(key, registry+"/") && !slices.Contains(found, key) {
				found = append(found, key)
			}
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return found
}

// podmanFiles returns the paths of the files with Podman's logins, in the order in
// which Podman reads them.
func podmanFiles() []string {
	if path := os.Getenv("REGISTRY_AUTH_FILE"); path != "" {
		return []string{path}
	}
	var paths []string
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); runtime != "" {
		paths = append(paths, filepath.Join(runtime, "containers", "auth.json"))
	} else {
		paths = append(paths, fmt.Sprintf("/run/containers/%d/auth.json", os.Getuid()))
	}
	home, _ := os.UserHomeDir()
	return append(paths, filepath.Join(cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "containers", "auth.json"))
}
