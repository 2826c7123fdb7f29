package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Registries that give no more until some time: Docker Hub's pulls are spent,
// or the wait that a 429 asks for is long.

const (
	// longestBan is the longest wait that is believed: longer ones are nonsense.
	longestBan = 24 * time.Hour

	// pullWindow is for how long Docker Hub counts pulls, should it not say.
	// https://docs.docker.com/docker-hub/usage/pulls/
	pullWindow = 6 * time.Hour
)

// quota is what a registry has left for one user.
type quota struct {
	mu    sync.Mutex
	all   *parkedError // whatever is asked; nil or past if it answers
	pulls *parkedError // likewise, for GETs of manifests: HEADs are free
}

// parkedError is a request that the registry has said it will not answer.
type parkedError struct {
	name   string
	until  time.Time
	latest bool // it may be earlier
	why    string
}

func (e *parkedError) Error() string {
	latest := ""
	if e.latest {
		latest = " at the latest"
	}
	return fmt.Sprintf("the quota at %s is spent until %s%s (%s)", e.name, clock(e.until), latest, e.why)
}

// patience is for how long an image waits for a parked registry: it holds a
// place that an image of another registry could have.
const patience = time.Minute

// within says whether who waits for the end can still use it, and may wait.
func (e *parkedError) within(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return time.Until(e.until) <= patience && (!ok || e.until.Before(deadline))
}

// isPull says whether a request counts as a pull.
// https://docs.docker.com/docker-hub/usage/pulls/
func isPull(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/manifests/")
}

// awaitQuota waits until the registry answers such a request again, or returns
// a *parkedError if that is too late for the request.
func (h *host) awaitQuota(request *http.Request) error {
	ctx := request.Context()
	for {
		parked := h.parked(request)
		if parked == nil {
			return nil
		}
		if !parked.within(ctx) {
			return parked
		}
		timer := time.NewTimer(time.Until(parked.until))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// parked returns why such a request should not be sent now, or nil.
func (h *host) parked(request *http.Request) *parkedError {
	h.quota.mu.Lock()
	parked := h.quota.all
	h.quota.mu.Unlock()
	if !parked.active() && isPull(request) {
		parked = h.quota.spentPulls()
	}
	if !parked.active() || !h.is(request.URL.Host) {
		return nil
	}
	return parked
}

func (e *parkedError) active() bool { return e != nil && time.Now().Before(e.until) }

// park notes that the registry answers no more, or no pulls. It says whether
// that is news.
func (q *quota) park(parked *parkedError, pullsOnly bool) (news bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	news = !q.all.active() && !q.pulls.active()
	place := &q.all
	if pullsOnly {
		place = &q.pulls
	}
	if !(*place).active() { // else the first to know it knows it best
		*place = parked
	}
	return news
}

// spentPulls returns why no manifest is read, or nil.
func (q *quota) spentPulls() *parkedError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.pulls.active() {
		return nil
	}
	return q.pulls
}

// refilled notes that there are pulls left.
func (q *quota) refilled() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pulls = nil
}

// learn reads from an answer what is left of the quota. It returns a
// *parkedError in place of an answer that says that it is spent.
//
// What others say, to whom the registry redirects or from whom tokens are, is
// about themselves.
func (h *host) learn(request *http.Request, response *http.Response) error {
	tooMany := response.StatusCode == http.StatusTooManyRequests
	if !tooMany && response.Header.Get("Ratelimit-Remaining") == "" || !h.is(request.URL.Host) {
		return nil
	}
	words := ""
	if tooMany {
		words = whyTooMany(response)
	}
	l := limitsOf(response.Header, words, time.Now())
	if l.left > 0 && !tooMany {
		h.quota.refilled()
	}
	if pulls := h.quota.spentPulls(); saysNoMore(response) && pulls != nil {
		h.quota.park(pulls, false) // so that is what it means
		return pulls
	}
	spent := l.left == 0 || strings.Contains(strings.ToLower(words), "pull rate limit")
	parked := &parkedError{name: h.name, until: time.Now().Add(l.wait)}
	switch {
	case tooMany && l.wait > longestWait:
		parked.why = "429 Too Many Requests"
	case tooMany && l.wait > 0:
		// What comes back so soon is no quota. Also from a message it counts.
		response.Header.Set("Retry-After", strconv.Itoa(int((l.wait+time.Second-1)/time.Second)))
		return nil
	case spent && tooMany, l.left == 0 && l.window > longestWait:
		if l.window == 0 {
			l.window = pullWindow
		}
		parked.until, parked.latest = time.Now().Add(l.window), true
		parked.why = "ratelimit-remaining: " + oneLine(response.Header.Get("Ratelimit-Remaining"))
		if tooMany {
			parked.why = "429 Too Many Requests"
		}
	default:
		return nil
	}
	if words != "" {
		parked.why += ": " + h.withoutSecrets(words)
	}
	if h.quota.park(parked, isPull(request) && spent || !tooMany) {
		h.client.warn(parked.Error() + ". Images that need it end as rate-limited, or wait if that is soon; the other registries go on")
	}
	if tooMany {
		return parked
	}
	return nil
}

// saysNoMore says whether a 429 leaves open what it means: the answer to a
// HEAD has no words.
func saysNoMore(response *http.Response) bool {
	return response.StatusCode == http.StatusTooManyRequests && response.Request != nil && response.Request.Method == http.MethodHead &&
		strings.Contains(response.Request.URL.Path, "/manifests/") &&
		response.Header.Get("Retry-After") == "" && response.Header.Get("Ratelimit-Remaining") == ""
}

// whyTooMany returns a 429's own words, and leaves its body as it was.
func whyTooMany(response *http.Response) string {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal)) // what of it there is, tells
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	refused := *response
	refused.Body = io.NopCloser(bytes.NewReader(body))
	if status, ok := transport.CheckError(&refused).(*transport.Error); ok && len(status.Errors) > 0 {
		return registryWords(status)
	}
	return oneLine(string(body))
}

// limits are what an answer says of them.
type limits struct {
	left   int           // requests, -1 if it does not say
	window time.Duration // in which they are counted, 0 if it does not say
	wait   time.Duration // until there are more, 0 if it does not say
}

// limitsOf reads Docker Hub's "ratelimit-remaining: 0;w=21600", the
// RateLimit-Reset of others, Retry-After, and the wait that GHCR writes into
// its message.
func limitsOf(header http.Header, words string, now time.Time) limits {
	l := limits{left: -1}
	left, parameters, _ := strings.Cut(header.Get("Ratelimit-Remaining"), ";")
	if n, err := strconv.Atoi(strings.TrimSpace(left)); err == nil && n >= 0 {
		l.left = n
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		if w, ok := strings.CutPrefix(strings.TrimSpace(parameter), "w="); ok {
			l.window = believed(seconds(w, now))
		}
	}
	said := seconds(header.Get("Retry-After"), now)
	if found := inMessage.FindStringSubmatch(words); said == 0 && found != nil {
		said, _ = time.ParseDuration(found[1])
	}
	if said == 0 && l.left == 0 {
		said = seconds(header.Get("Ratelimit-Reset"), now)
		l.window = max(l.window, believed(said))
	}
	l.wait = believed(said)
	return l
}

// believed is 0 for a wait that makes no sense.
func believed(wait time.Duration) time.Duration {
	if wait < 0 || wait > longestBan {
		return 0
	}
	return wait
}

var inMessage = regexp.MustCompile(`(?i)retry-after:\s*((?:[0-9.]+(?:ns|us|µs|ms|s|m|h))+)`)

// seconds reads a number of seconds, or a moment in HTTP's format or in
// seconds since 1970; 0 if it is none of them.
func seconds(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if t, err := http.ParseTime(value); err == nil {
		return t.Sub(now)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil || n < 0 || n > 1<<33:
		return 0
	case n > 1<<30: // 34 years from now, or a moment
		return time.Unix(n, 0).Sub(now)
	}
	return time.Duration(n) * time.Second
}
