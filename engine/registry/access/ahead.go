package access

import (
	"context"
	"errors"
	"net/http"
	"time"

	"mvrun/engine/registry/wire"
)

// CanFetchAhead reports whether tokens can be fetched before requests need them. The
// registry must have named its token server. It must also have accepted the login, if
// there is one: a wrong password must not be sent for images that nobody asked about yet.
func (a *Account) CanFetchAhead() bool {
	s, isCurrent := a.session.current()
	return isCurrent && s.hasTokenServer() && (!s.sendsLogin() || s.login.accepted.Load())
}

// FetchAhead begins to fetch the token for a repository, unless there is one, and does
// not wait for it. It does nothing while so many tokens are under way as limit says.
func (a *Account) FetchAhead(repository string, tokens http.RoundTripper, limit int) {
	if !a.CanFetchAhead() {
		return
	}
	cached, s := a.token(repository), a.session.last()
	if _, isCurrent := cached.current(); isCurrent {
		return
	}
	if a.ahead.Add(1) > int64(limit) {
		a.ahead.Add(-1)
		return
	}
	a.flights.group.Go(func() {
		defer a.ahead.Add(-1)
		cached.makeAhead(a.flights, func(ctx context.Context) (string, time.Duration, error) {
			token, life, err := a.freshToken(ctx, s, repository, tokens)
			if err != nil && !isRefused(err) {
				err = &aheadError{err}
			}
			return token, life, err
		})
	})
}

// aheadError is the error of a value that was made ahead. Nobody gets it: whoever needs the
// value makes it again. So the image has all retries, as if nothing had been done ahead, and
// a token server that is away for a while costs no image more.
type aheadError struct{ error }

func (e *aheadError) Unwrap() error { return e.error }

// isRefused reports whether a token server has refused a token. To ask again would only
// repeat the login.
func isRefused(err error) bool {
	refused, ok := errors.AsType[*wire.RefusedError](err)
	return ok && refused.Status.StatusCode < http.StatusInternalServerError && refused.Status.StatusCode != http.StatusTooManyRequests
}
