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
	// defaultLife is how long a token lives if its answer does not say.
	// https://distribution.github.io/distribution/spec/auth/token/
	defaultLife = 60 * time.Second
	// tokenMargin is how long before its end a token is renewed, but not before
	// half of its life is over.
	tokenMargin = 15 * time.Second
)

// errNotOpened is a mistake in the program.
var errNotOpened = errors.New("the registry was not opened")

// Authorization returns the Authorization header for reading from a repository,
// "" for none. Open must have succeeded before. A token that several callers
// need is asked for once, with tokens.
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

// token returns what the account has for a repository.
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

// exchange asks the token server for a token, and returns how long it lives.
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

// withoutAnswer hides what a token server said with success: it may be a secret,
// though not the token that was asked for.
func withoutAnswer(err error) error {
	if errors.As(err, new(*transport.Error)) || errors.As(err, new(*url.Error)) {
		return err
	}
	return errors.New("the answer of the token server holds no token")
}

// Renew forgets a token that the registry refused, and reports whether there may
// be a better one. A token may end early, or the registry may lose its key, but
// not twice for the same request. A second refusal counts for nothing only if the
// token was out of date by then, because the request had waited.
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
