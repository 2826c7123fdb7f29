package access

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

const (
	// defaultLife is how long a token is valid if the token server does not say.
	// https://distribution.github.io/distribution/spec/auth/token/
	defaultLife = 60 * time.Second
	// maxLife is the longest time that a token is used. A run may last for days, and
	// some servers name a time in which nobody believes.
	maxLife = 24 * time.Hour
	// tokenMargin is how long before its end a token is replaced. But it is always
	// used for at least half of its life.
	tokenMargin = 15 * time.Second
	// maxTokens is how many tokens are kept. Docker Hub's have about 3 KB, and a list may
	// have a million repositories. If the images of a repository are farther apart than
	// this in a list, its token has mostly expired anyway.
	maxTokens = 4096
)

// errNotOpened means that this program has a bug: it did not call Open.
var errNotOpened = errors.New("the registry was not opened")

// Authorization returns the Authorization header for reading from a repository. It
// is "" if the registry needs none. Without a repository, the token is good only for GET
// /v2/, and shows that the credentials are right. Open must have succeeded before. If several
// callers need the same token, one request fetches it; tokens sends that request.
func (a *Account) Authorization(ctx context.Context, repository string, tokens http.RoundTripper) (string, error) {
	s := a.session.last()
	switch {
	case s == nil:
		return "", errNotOpened
	case !s.hasTokenServer():
		return s.authorization, nil
	}
	cached := a.token(repository)
	if token, isCurrent := cached.current(); isCurrent {
		return token, nil
	}
	return cached.get(ctx, a.flights, func(ctx context.Context) (string, time.Duration, error) {
		token, life, err := a.exchange(ctx, s, repository, tokens)
		return bearer + token, max(life-tokenMargin, life/2), err
	})
}

// token returns the cached token for a repository. It may be empty or expired.
func (a *Account) token(repository string) *cachedValue[string] {
	a.mu.Lock()
	defer a.mu.Unlock()
	token, ok := a.tokens.Get(repository)
	if !ok {
		token = &cachedValue[string]{}
		a.tokens.Add(repository, token)
	}
	return token
}

// exchange fetches a token from the token server. It also returns how long the token
// is valid.
func (a *Account) exchange(ctx context.Context, s *Session, repository string, tokens http.RoundTripper) (token string, life time.Duration, err error) {
	rules := a.rules(ctx, s)
	realm, err := rules.check(s.challenge.Parameters["realm"])
	if err != nil {
		return "", 0, err
	}
	done := func(int) {}
	if s.sendsLogin() {
		if done, err = s.login.begin(ctx); err != nil {
			return "", 0, &TokenError{err}
		}
	}
	if realm.Scheme == "http" && rules.named != "" && s.sendsLogin() {
		a.warnPlain(s, realm.Host, ", the token server of "+a.Address)
	}
	request := &tokenRequest{session: s, rules: rules, realm: realm, repository: repository, transport: tokens}
	token, life, status, err := request.send(ctx)
	done(status)
	if err != nil {
		return "", 0, &TokenError{err}
	}
	return token, life, nil
}

// Send gives a request with its authorization to next. A password may be refused only
// a few times; a token is refused for other reasons, and another one is made for it.
func (a *Account) Send(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	s := a.session.last()
	if s == nil || !strings.HasPrefix(request.Header.Get("Authorization"), basic) {
		return next.RoundTrip(request)
	}
	done, err := s.login.begin(request.Context())
	if err != nil {
		return nil, err
	}
	response, err := next.RoundTrip(request)
	done(statusOf(response, request))
	return response, err
}

// statusOf returns the status with which a registry has answered a request. It is 0 if
// there is no response. If another host has answered, the registry has redirected.
func statusOf(response *http.Response, request *http.Request) int {
	switch {
	case response == nil:
		return 0
	case response.Request != nil && response.Request.URL.Host != request.URL.Host:
		return http.StatusFound
	}
	return response.StatusCode
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
