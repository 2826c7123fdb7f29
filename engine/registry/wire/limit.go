package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"mvrun/engine/level"
)

// limitTransport reads the registry's limits from every answer. It also checks the
// quota again before it sends a request, because the quota may have been spent while
// the request waited for its turn or slot.
type limitTransport struct {
	quota *quota
	pace  *pace
	next  http.RoundTripper
}

func (t *limitTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if spent := t.quota.spentFor(request); spent != nil {
		return nil, spent
	}
	t.pace.count()
	sent := time.Now()
	response, err := t.next.RoundTrip(request)
	if request.Context().Err() == nil { // otherwise the caller gave up, which says nothing about the registry
		level.Report(request.Context(), sent, outcomeOf(response, err))
	}
	if err != nil {
		return nil, err
	}
	if spent := t.quota.learn(request, response); spent != nil {
		response.Body.Close()
		return nil, spent
	}
	switch {
	case response.StatusCode != http.StatusTooManyRequests:
		t.pace.recordAccepted(sent)
	case !IsUnexplained(response):
		t.pace.recordRefused(sent)
	}
	return response, nil
}

// outcomeOf returns what an answer says about how busy the registry is.
func outcomeOf(response *http.Response, err error) level.Outcome {
	switch {
	case err != nil || isBrokenServer(response.StatusCode):
		return level.Failed
	case response.StatusCode == http.StatusTooManyRequests:
		return level.Refused
	}
	return level.Answered
}

// learn reads from an answer what is left of the quota. It returns an error if the
// registry refused the request because the quota is spent. This error then replaces
// the answer.
func (q *quota) learn(request *http.Request, response *http.Response) *spentError {
	refused := response.StatusCode == http.StatusTooManyRequests
	if !refused && response.Header.Get("Ratelimit-Remaining") == "" || !strings.EqualFold(request.URL.Host, q.host) {
		return nil
	}
	project := q.projectOf(request)
	found := readLimits(response, time.Now())
	if found.left > 0 && !refused {
		q.refill(project)
	}
	if pulls := q.spentPulls(project); pulls != nil && IsUnexplained(response) {
		// The registry refuses a HEAD request and does not say why. But the quota
		// for pulls is known to be spent, so this must be the reason.
		q.spend(share{project, false}, pulls)
		return pulls
	}
	if found.isShort() {
		// The registry asks for a short wait, so the quota is not spent. The wait
		// may stand in any part of the answer; retryTransport reads it from this
		// header.
		response.Header.Set("Retry-After", strconv.Itoa(int((found.wait+time.Second-1)/time.Second)))
		return nil
	}
	if !found.isSpent() {
		project = "" // the limit is for the whole registry
	}
	spent := found.error(strings.TrimSuffix(q.registry+"/"+project, "/"), time.Now(), q.redact)
	if spent == nil {
		return nil
	}
	pulls := !refused || found.isSpent() && isPull(request)
	if q.spend(share{project, pulls}, spent) {
		q.warn(spent.Error() + ". Images that need it end as rate-limited, or wait if the quota comes back soon; all other images go on")
	}
	if refused {
		return spent
	}
	return nil
}
