package access

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
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
	key := registry.RegistryStr()
	if key == name.DefaultRegistry { // Docker's name of Docker Hub
		key = authn.DefaultAuthKey
	}
	found, err := dockerEntry(ctx, file, key)
	if err != nil {
		return nil, err
	}
	return authenticator(found), nil
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
		if found, err := configfile.New("").GetAuthConfig(key); err != nil || !isEmpty(found) {
			return found, err
		}
	}
	if helper := cmp.Or(file.CredentialHelpers[key], file.CredentialsStore); helper != "" {
		return askHelper(ctx, helper, key)
	}
	return credentials.NewFileStore(file).Get(key) // finds a key that has a scheme or a path, too
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
