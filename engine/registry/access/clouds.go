package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/github"
	"github.com/google/go-containerregistry/pkg/v1/google"
	"golang.org/x/oauth2"
)

// The registries of clouds take the login that a machine or a job has in its cloud.
// This file finds such logins for GitHub and Google. A program that is built with the
// tag ecr finds those for Amazon, too.

// cloud is a cloud with registries of its own.
type cloud struct {
	// helper is the credential helper that makes logins for it.
	helper string
	// life is how long such a login is valid, for messages.
	life string
	owns func(host string) bool
}

var clouds = []cloud{
	{"ecr-login", "12 hours", func(host string) bool {
		return host == "public.ecr.aws" || strings.Contains(host, ".dkr.ecr") && (strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn"))
	}},
	{"acr-env", "3 hours", func(host string) bool {
		return strings.HasSuffix(host, ".azurecr.io") || strings.HasSuffix(host, ".azurecr.cn")
	}},
	{"gcr", "1 hour", isGoogle},
}

func isGoogle(host string) bool {
	return host == "gcr.io" || strings.HasSuffix(host, ".gcr.io") || strings.HasSuffix(host, "-docker.pkg.dev")
}

// CloudHelper returns the credential helper that makes logins for a registry of a
// cloud, and says how long one is valid. Both are "" for other registries.
func CloudHelper(host string) (helper, life string) {
	for _, c := range clouds {
		if c.owns(strings.ToLower(host)) {
			return c.helper, c.life
		}
	}
	return "", ""
}

// The names of places in messages.
const (
	googleSource = "the login of Google Cloud"
	awsSource    = "the login of AWS"
)

// IsCloudLogin reports whether a login comes from a place of this file, and so was just
// made.
func IsCloudLogin(from string) bool { return from == googleSource || from == awsSource }

// cloudSources returns the places that have the logins of clouds. They are asked for
// their own registries only.
func (a *Account) cloudSources() []source {
	host := a.registry.RegistryStr()
	sources := []source{{"GITHUB_TOKEN", func(context.Context) (authn.Authenticator, error) { return github.Keychain.Resolve(a.registry) }}}
	if isGoogle(host) {
		sources = append(sources, source{googleSource, googleLogin})
	}
	if ecrLogin != nil && isECR(host) {
		sources = append(sources, source{awsSource, func(ctx context.Context) (authn.Authenticator, error) { return ecrLogin(ctx, host) }})
	}
	return sources
}

func isECR(host string) bool { return clouds[0].owns(host) }

// ecrLogin finds the login for a registry of Amazon. It is nil unless the program was
// built with the tag ecr.
var ecrLogin func(ctx context.Context, host string) (authn.Authenticator, error)

// googleLogin returns the login of this machine or user at Google Cloud: that of
// GOOGLE_APPLICATION_CREDENTIALS, of "gcloud auth application-default login", or of the
// machine; or else that of gcloud.
//
// go-containerregistry's own keychain keeps the context of the first caller, which ends
// long before the run does.
func googleLogin(ctx context.Context) (authn.Authenticator, error) {
	ctx, cancel := context.WithTimeout(ctx, helperTime)
	defer cancel()
	found, err := google.NewEnvAuthenticator(ctx)
	where := "the application default credentials"
	const variable = "GOOGLE_APPLICATION_CREDENTIALS"
	switch named := os.Getenv(variable); {
	case named != "" && err != nil:
		return nil, fmt.Errorf("%s=%s: %w", variable, named, err)
	case named != "":
		where = named
	}
	if tokens, ok := found.(oauth2.TokenSource); ok && err == nil {
		if token, err := tokens.Token(); err == nil {
			return googleToken(token.AccessToken, token.Expiry, where), nil
		}
	}
	return gcloudLogin(ctx), nil
}

// gcloudLogin asks gcloud for the login of its user. Without one, public images can
// still be read.
func gcloudLogin(ctx context.Context) authn.Authenticator {
	if _, err := exec.LookPath("gcloud"); err != nil {
		return authn.Anonymous
	}
	program := &helperProgram{ctx: ctx, name: "gcloud", args: []string{"config", "config-helper", "--force-auth-refresh", "--format=json(credential)"}}
	output, err := program.Output()
	var answer struct {
		Credential struct {
			AccessToken string    `json:"access_token"`
			TokenExpiry time.Time `json:"token_expiry"`
		} `json:"credential"`
	}
	if err := errors.Join(err, json.Unmarshal(output, &answer)); err != nil || answer.Credential.AccessToken == "" {
		return authn.Anonymous
	}
	return googleToken(answer.Credential.AccessToken, answer.Credential.TokenExpiry, "gcloud")
}

// googleToken returns the login that has an access token of Google.
func googleToken(token string, expires time.Time, where string) authn.Authenticator {
	login := &placedLogin{where: where, life: programLife, AuthConfig: authn.AuthConfig{Username: "_token", Password: token}}
	if left := time.Until(expires) - time.Minute; !expires.IsZero() {
		login.life = max(min(login.life, left), time.Minute)
	}
	return login
}
