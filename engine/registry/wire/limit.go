package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limitTransport learns from every answer what the registry allows. A request
// that is not allowed any more, since it waited for its turn or slot, is not
// sent.
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
	if err != nil {
		return nil, err
	}
	if spent := t.quota.learn(request, response); spent != nil {
		response.Body.Close()
		return nil, spent
	}
	switch {
	case response.StatusCode != http.StatusTooManyRequests:
		t.pace.fine(sent)
	case !IsUnexplained(response):
		t.pace.tooMany(sent)
	}
	return response, nil
}

// learn reads from an answer what is left of the quota. It returns an error in
// place of an answer that refuses the request because the quota is spent.
func (q *quota) learn(request *http.Request, response *http.Response) *spentError {
	refused := response.StatusCode == http.StatusTooManyRequests
	if !refused && response.Header.Get("Ratelimit-Remaining") == "" || request.URL.Host != q.host {
		return nil
	}
	project := q.projectOf(request)
	said := readLimits(response, time.Now())
	if said.left > 0 && !refused {
		q.refill(project)
	}
	if pulls := q.spentPulls(project); pulls != nil && IsUnexplained(response) {
		// The answer has no words, but the pulls are known to be spent: now HEADs
		// are refused for the same reason.
		q.spend(share{project, false}, pulls)
		return pulls
	}
	if said.isShort() {
		// The registry wants a wait that is too short for a quota. retryTransport
		// reads it from this header, whatever part of the answer it was in.
		response.Header.Set("Retry-After", strconv.Itoa(int((said.wait+time.Second-1)/time.Second)))
		return nil
	}
	if !said.isSpent() {
		project = "" // the registry's own limit
	}
	spent := said.error(strings.TrimSuffix(q.registry+"/"+project, "/"), time.Now(), q.redact)
	if spent == nil {
		return nil
	}
	pulls := !refused || said.isSpent() && isPull(request)
	if q.spend(share{project, pulls}, spent) {
		q.warn(spent.Error() + ". Images that need it end as rate-limited, or wait if that is soon; the rest goes on")
	}
	if refused {
		return spent
	}
	return nil
}
