package access

import "net/http"

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
	if _, isCurrent := a.token(repository).current(); isCurrent {
		return
	}
	if a.ahead.Add(1) > int64(limit) {
		a.ahead.Add(-1)
		return
	}
	a.flights.group.Go(func() {
		defer a.ahead.Add(-1)
		// A request that needs the token meets the error, too.
		_, _ = a.Authorization(a.flights.ctx, repository, tokens)
	})
}
