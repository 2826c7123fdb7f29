package access

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const (
	// defaultLife is how long a token is valid if the token server does not say.
	// https://distribution.github.io/distribution/spec/auth/token/
	defaultLife = 60 * time.Second
	// tokenMargin is how long before its end a token is replaced. But it is always
	// used for at least half of its life.
	tokenMargin = 15 * time.Second
)

// errNotOpened means that this program has a bug: it did not call Open.
var errNotOpened = errors.New("the registry was not opened")

// Authorization returns the Authorization header for reading from a repository. It
// is "" if the registry needs none. Open must have succeeded before. If several
// callers need the same token, one request fetches it; tokens sends that request.
func (a *Account) Authorization(ctx context.Context, repository string, tokens http.RoundTripper) (string, error) {
	s := a.session.last()
	switch {
	case s == nil:
		return "", errNotOpened
	case !s.hasTokenServer():
		return s.authorization, nil
	}
	return a.token(repository).get(ctx, a.flights, func(ctx context.Context) (string, time.Duration, error) {
		token, life, err := a.exchange(ctx, s, repository, tokens)
		return bearer + token, max(life-tokenMargin, life/2), err
	})
}

// token returns the cached token for a repository. It may be empty or expired.
func (a *Account) token(repository string) *cachedValue[string] {
	a.mu.Lock()
	defer a.mu.Unlock()
	token, ok := a.tokens[repository]
	if !ok {
		token = &cachedValue[string]{}
		a.tokens[repository] = token
	}
	return token
}

// exchange fetches a token from the token server. It also returns how long the token
// is valid.
func (a *Account) exchange(ctx context.Context, s *Session, repository string, tokens http.RoundTripper) (string, time.Duration, error) {
	scopes := []string{"repository:" + repository + ":pull"}
	answer, err := transport.Exchange(ctx, a.registry, s.auth, tokens, scopes, s.challenge)
	if err != nil {
		return "", 0, &TokenError{withoutAnswer(err)}
	}
	life := defaultLife
	if answer.ExpiresIn > 0 {
		life = time.Duration(answer.ExpiresIn) * time.Second
	}
	if answer.Token == "" {
		answer.Token = answer.AccessToken
	}
	return answer.Token, life, nil
}

// withoutAnswer returns an error that does not show the answer of the token server.
// An answer with a status of success may hold a secret, even if the token in it
// cannot be read.
func withoutAnswer(err error) error {
	if errors.As(err, new(*transport.Error)) || errors.As(err, new(*url.Error)) {
		return err
	}
	return errors.New("the answer of the token server holds no token")
}

// Renew forgets a token that the registry refused. It reports whether the request
// should be sent again with a new token. repeated means that the registry has
// refused this request before. A token may end early, or the registry may lose its
// key, but hardly twice for one request. So after a second refusal Renew reports
// true only if the token has expired while the request waited.
func (a *Account) Renew(repository, refused string, repeated bool) bool {
	if s := a.session.last(); s == nil || !s.hasTokenServer() {
		return false
	}
	token := a.token(repository)
	isRefused := func(value string) bool { return value == refused }
	if repeated && !token.hasExpired(isRefused) {
		return false
	}
	token.drop(isRefused)
	return true
}
