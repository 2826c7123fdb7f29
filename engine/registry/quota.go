package registry

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"mvrun/engine/imagelist"
)

// Registries that give no more until some time: Docker Hub's pulls are spent,
// or the wait that a 429 asks for is long.

// pullWindow is for how long Docker Hub counts pulls, should it not say.
// https://docs.docker.com/docker-hub/usage/pulls/
const pullWindow = 6 * time.Hour

// quota is what a registry has left for one user.
type quota struct {
	mu     sync.Mutex
	parked map[share]*parkedError // or past
}

// share is what a quota is of: whatever is asked, or GETs of manifests alone,
// where HEADs are free; of the whole registry, or of a project. One of Harbor's
// may be a cache of Docker Hub, whose quota is not that of the others.
type share struct {
	project string // "" for the whole registry
	pulls   bool
}

// projectOf returns what a quota that is spent, by an answer to a request, is
// spent for.
func (h *host) projectOf(u *url.URL) string {
	if h.name == imagelist.DockerHub {
		return ""
	}
	return projectOf(u.Path)
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
	q := &h.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.parked) == 0 || !h.is(request.URL.Host) {
		return nil
	}
	project := h.projectOf(request.URL)
	for _, s := range []share{{}, {project, false}, {"", true}, {project, true}} {
		if parked := q.parked[s]; parked.active() && (!s.pulls || isPull(request)) {
			return parked
		}
	}
	return nil
}

func (e *parkedError) active() bool { return e != nil && time.Now().Before(e.until) }

// park notes that a share is spent. It says whether that is news.
func (q *quota) park(s share, parked *parkedError) (news bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	news = !q.parked[share{}].active() && !q.parked[share{s.project, false}].active() && !q.parked[share{s.project, true}].active()
	if !q.parked[s].active() { // else the first to know it knows it best
		if q.parked == nil {
			q.parked = map[share]*parkedError{}
		}
		q.parked[s] = parked
	}
	return news
}

// spentPulls returns why no manifest of a project is read, or nil.
func (q *quota) spentPulls(project string) *parkedError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if parked := q.parked[share{project, true}]; parked.active() {
		return parked
	}
	return nil
}

// refilled notes that there are pulls left.
func (q *quota) refilled(project string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.parked, share{project, true})
}

// spent returns a share that is, or nil.
func (q *quota) spent() *parkedError {
	q.mu.Lock()
	defer q.mu.Unlock()
	var first *parkedError
	for _, parked := range q.parked {
		if parked.active() && (first == nil || parked.until.Before(first.until)) {
			first = parked
		}
	}
	return first
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
	project := h.projectOf(request.URL)
	if l.left > 0 && !tooMany {
		h.quota.refilled(project)
	}
	if pulls := h.quota.spentPulls(project); saysNoMore(response) && pulls != nil {
		h.quota.park(share{project, false}, pulls) // so that is what it means
		return pulls
	}
	spent := l.left == 0 || strings.Contains(strings.ToLower(words), "pull rate limit")
	if !spent {
		project = "" // the registry's own limit
	}
	parked := &parkedError{name: strings.TrimSuffix(h.name+"/"+project, "/"), until: time.Now().Add(l.wait)}
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
	if h.quota.park(share{project, isPull(request) && spent || !tooMany}, parked) {
		h.client.warn(parked.Error() + ". Images that need it end as rate-limited, or wait if that is soon; the rest goes on")
	}
	if tooMany {
		return parked
	}
	return nil
}
