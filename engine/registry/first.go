package registry

import (
	"context"
	"net/http"
)

// The short way for requests that come right at once, as nearly all do:
// go-retryablehttp and http.Client copy each several times, which is a good
// part of what a run costs.

// firstly sends a request, and leaves to retries what did not come right; their
// first attempt is the one that was made.
func firstly(wire *wire, retries int) http.RoundTripper {
	return &first{wire: wire, retries: retrying(&resumed{wire}, retries), troubled: &wire.host.settings.troubled}
}

type first struct {
	wire, retries http.RoundTripper
	troubled      *troubled
}

func (f *first) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := f.wire.RoundTrip(request)
	if err == nil && response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	if trouble := troubleOf(request, response, err); trouble != "" {
		f.troubled.begin(trouble)
		defer f.troubled.end()
	}
	outcome := &outcome{response: response, err: err}
	return f.retries.RoundTrip(request.WithContext(context.WithValue(request.Context(), outcomeKey{}, outcome)))
}

// outcome is what came of the first attempt.
type outcome struct {
	response *http.Response
	err      error
	taken    bool
}

// outcomeKey is the context key of an *outcome.
type outcomeKey struct{}

// resumed begins with an attempt that was made before.
type resumed struct{ wire http.RoundTripper }

func (r *resumed) RoundTrip(request *http.Request) (*http.Response, error) {
	if outcome, ok := request.Context().Value(outcomeKey{}).(*outcome); ok && !outcome.taken {
		outcome.taken = true
		return outcome.response, outcome.err
	}
	return r.wire.RoundTrip(request)
}
