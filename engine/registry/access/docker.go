package access

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"mvrun/engine/imagelist"
)

// dockerLogin returns the login of Docker's configuration for a registry. If there is no
// such configuration, it returns authn.Anonymous.
func dockerLogin(ctx context.Context, registry name.Registry) (authn.Authenticator, error) {
	if !hasDockerConfig() && !inEnvironment() {
		return authn.Anonymous, nil
	}
	file, err := config.Load(os.Getenv("DOCKER_CONFIG"))
	if err != nil {
		return nil, err
	}
	for _, key := range dockerKeys(file, registry) {
		found, err := dockerEntry(ctx, file, key)
		if err != nil {
			return nil, err
		}
		if !isEmpty(found) {
			return authenticator(found), nil
		}
	}
	return authn.Anonymous, nil
}

// dockerKeys returns the keys under which a configuration may have the login for a
// registry. After Docker's own key come those of other spellings: the host in capitals,
// or another name of Docker Hub.
func dockerKeys(file *configfile.ConfigFile, registry name.Registry) []string {
	own := registry.RegistryStr()
	keys := []string{own}
	if own == name.DefaultRegistry {
		keys[0] = authn.DefaultAuthKey
	}
	written := slices.Concat(slices.Collect(maps.Keys(file.AuthConfigs)), slices.Collect(maps.Keys(file.CredentialHelpers)))
	for _, key := range slices.Sorted(slices.Values(written)) {
		if host := credentials.ConvertToHostname(key); host != own && imagelist.IsSameRegistry(host, own) && !slices.Contains(keys, host) {
			keys = append(keys, host)
		}
	}
	return keys
}

// hasDockerConfig reports whether Docker's configuration exists.
func hasDockerConfig() bool {
	home, _ := os.UserHomeDir()
	for _, folder := range []string{filepath.Join(home, ".docker"), os.Getenv("DOCKER_CONFIG")} {
		if info, err := os.Stat(filepath.Join(folder, "config.json")); folder != "" && err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// inEnvironment reports whether DOCKER_AUTH_CONFIG has logins, as GitLab sets them.
func inEnvironment() bool { return strings.TrimSpace(os.Getenv(configfile.DockerEnvConfigKey)) != "" }

// dockerEntry returns the login for a key: first that of DOCKER_AUTH_CONFIG, then that of
// a credential helper, or else of the file. The library would start the helper itself,
// without bounds.
func dockerEntry(ctx context.Context, file *configfile.ConfigFile, key string) (types.AuthConfig, error) {
	if inEnvironment() {
		if found, err := environmentEntry(key); err != nil || !isEmpty(found) {
			return found, err
		}
	}
	if helper := cmp.Or(file.CredentialHelpers[key], file.CredentialsStore); helper != "" {
		return askHelper(ctx, helper, key)
	}
	return credentials.NewFileStore(file).Get(key) // finds a key that has a scheme or a path, too
}

// environmentEntry returns the login that DOCKER_AUTH_CONFIG has for a key. The library's
// own function writes to standard error if the variable is wrong, in the middle of the log,
// and then goes on without a login.
func environmentEntry(key string) (types.AuthConfig, error) {
	file := configfile.New("")
	if err := file.LoadFromReader(strings.NewReader(os.Getenv(configfile.DockerEnvConfigKey))); err != nil {
		return types.AuthConfig{}, fmt.Errorf("%s is no Docker configuration: %w", configfile.DockerEnvConfigKey, err)
	}
	return credentials.NewFileStore(file).Get(key)
}

// isEmpty reports whether a login has nothing in it but the address, which the library
// always sets.
func isEmpty(login types.AuthConfig) bool {
	login.ServerAddress = ""
	return login == types.AuthConfig{}
}

// authenticator returns a login as the other packages need it.
func authenticator(login types.AuthConfig) authn.Authenticator {
	if isEmpty(login) {
		return authn.Anonymous
	}
	return authn.FromConfig(authn.AuthConfig{
		Username: login.Username, Password: login.Password, Auth: login.Auth,
		IdentityToken: login.IdentityToken, RegistryToken: login.RegistryToken,
	})
}
