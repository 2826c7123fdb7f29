package access

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
)

// podmanSource is what messages call Podman's files.
const podmanSource = "Podman's auth.json"

// podmanLogin returns the login for a registry, or for a namespace of it. Helpers
// have logins for registries only.
func podmanLogin(key string, namespace bool) (authn.Authenticator, error) {
	for _, path := range podmanFiles() {
		file, err := podmanFile(path)
		if err != nil {
			return nil, err
		}
		// GetAuthConfig would look for Docker's name of Docker Hub, and would take
		// any of several logins that are for one namespace of the registry each.
		found := file.AuthConfigs[key]
		if helper := cmp.Or(file.CredentialHelpers[key], file.CredentialsStore); helper != "" && !namespace {
			found, err = credentials.NewNativeStore(file, helper).Get(key)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		found.ServerAddress = ""
		if found != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, nil
}

// podmanFile reads one of Podman's files. A file that does not exist is empty.
func podmanFile(path string) (*configfile.ConfigFile, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return configfile.New(path), nil
	}
	if err != nil {
		return nil, err
	}
	file, err := config.LoadFromReader(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// podmanNamespaces returns the parts of a registry that Podman has logins for,
// such as quay.io/team, the longest first.
func podmanNamespaces(registry string) []string {
	var found []string
	for _, path := range podmanFiles() {
		file, err := podmanFile(path)
		if err != nil {
			continue // the search for the registry's login will say so
		}
		for key := range file.AuthConfigs {
			if strings.HasPrefix(key, registry+"/") && !slices.Contains(found, key) {
				found = append(found, key)
			}
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return found
}

// podmanFiles returns the paths of the files that Podman reads, in its order.
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
