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
	file, err := dockerFile()
	if err != nil {
		return nil, err
	}
	for _, key := range dockerKeys(file, registry) {
		found, where, err := dockerEntry(ctx, file, key)
		if err != nil {
			return nil, err
		}
		if !isEmpty(found) {
			return loginAt(found, where), nil
		}
	}
	return authn.Anonymous, nil
}

// pullSecretFile is the name that Kubernetes gives to a pull secret which is mounted as
// a volume.
const pullSecretFile = ".dockerconfigjson"

// dockerFile reads Docker's configuration. DOCKER_CONFIG may also be the folder of a
// mounted pull secret.
func dockerFile() (*configfile.ConfigFile, error) {
	folder := os.Getenv("DOCKER_CONFIG")
	secret := filepath.Join(folder, pullSecretFile)
	if folder == "" || isFile(filepath.Join(folder, config.ConfigFileName)) || !isFile(secret) {
		return config.Load(folder)
	}
	return readConfig(secret)
}

// readConfig reads a file in the format of Docker's configuration.
func readConfig(path string) (*configfile.ConfigFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file, err := config.LoadFromReader(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file.Filename = path
	return file, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
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
	folder := os.Getenv("DOCKER_CONFIG")
	return isFile(filepath.Join(home, ".docker", config.ConfigFileName)) ||
		folder != "" && (isFile(filepath.Join(folder, config.ConfigFileName)) || isFile(filepath.Join(folder, pullSecretFile)))
}

// inEnvironment reports whether DOCKER_AUTH_CONFIG has logins, as GitLab sets them.
func inEnvironment() bool { return strings.TrimSpace(os.Getenv(configfile.DockerEnvConfigKey)) != "" }

// dockerEntry returns the login for a key, and where it was: first that of
// DOCKER_AUTH_CONFIG, then that of a credential helper, or else of the file. The library
// would start the helper itself, without bounds.
func dockerEntry(ctx context.Context, file *configfile.ConfigFile, key string) (login types.AuthConfig, where string, err error) {
	if inEnvironment() {
		if found, err := environmentEntry(key); err != nil || !isEmpty(found) {
			return found, configfile.DockerEnvConfigKey, err
		}
	}
	if helper := cmp.Or(file.CredentialHelpers[key], file.CredentialsStore); helper != "" {
		login, err = askHelper(ctx, helper, key)
		return login, helperPrefix + helper, err
	}
	login, err = credentials.NewFileStore(file).Get(key) // finds a key that has a scheme or a path, too
	return login, file.Filename, err
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
