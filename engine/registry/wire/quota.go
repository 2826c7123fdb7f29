package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"mvrun/engine/await"
	"mvrun/validate"
)

// quotaTransport holds a request back while the registry has said that it will
// not answer it. The request waits for the end of that, or fails with a
// *spentError if the end is too late for it.
type quotaTransport struct {
	quota *quota
	next  http.RoundTripper
}

func (t *quotaTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	for attempts := 0; ; {
		spent := t.quota.spentFor(request)
		if spent == nil {
			request, err := rewound(request)
			if err != nil {
				return nil, err
			}
			attempts++
			response, err := t.next.RoundTrip(request)
			if !errors.As(err, &spent) || attempts > maxRetries {
				return response, err
			}
		}
		if !spent.endsInTime(request.Context()) {
			return nil, spent
		}
		if err := await.Sleep(request.Context(), time.Until(spent.until)); err != nil {
			return nil, err
		}
	}
}

// quota is what a registry has left for one user.
type quota struct {
	registry string // as lists write it, for messages
	host     string // the registry's own
	// common is set if one quota is for all projects of the registry.
	common bool
	redact func(words string) string
	warn   func(message string)

	mu    sync.Mutex
	spent map[share]*spentError // some of them are over
}

func newQuota(t Target, redact func(string) string, warn func(string)) *quota {
	return &quota{registry: t.Name, host: t.Host, common: isDockerHub(t.Name), redact: redact, warn: warn}
}

// share is a part of a quota that is spent by itself.
type share struct {
	// project is "" for the whole registry. A project of Harbor's may be a cache
	// of Docker Hub, whose quota is not that of the other projects.
	project string
	// pulls is set for GETs of manifests alone, where HEADs are free.
	pulls bool
}

// projectOf returns the project whose share a request spends, "" for that of the
// whole registry.
func (q *quota) projectOf(request *http.Request) string {
	if q.common {
		return ""
	}
	return projectOf(request.URL.Path)
}

// spentFor returns why a request should not be sent now, or nil. What the
// registry says of its quota concerns its own host only, and not a store to
// which it redirects, nor its token server.
func (q *quota) spentFor(request *http.Request) *spentError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.spent) == 0 || request.URL.Host != q.host {
		return nil
	}
	project := q.projectOf(request)
	for _, s := range []share{{}, {project, false}, {"", true}, {project, true}} {
		if spent := q.spent[s]; spent.isCurrent() && (!s.pulls || isPull(request)) {
			return spent
		}
	}
	return nil
}

// spentPulls returns why no manifest of a project can be read now, or nil.
func (q *quota) spentPulls(project string) *spentError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if spent := q.spent[share{project, true}]; spent.isCurrent() {
		return spent
	}
	return nil
}

// spend notes that a share is spent. It reports whether that is news.
func (q *quota) spend(s share, spent *spentError) (news bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	news = !q.spent[share{}].isCurrent() && !q.spent[share{s.project, false}].isCurrent() && !q.spent[share{s.project, true}].isCurrent()
	if !q.spent[s].isCurrent() { // else the earlier answer knows the end better
		if q.spent == nil {
			q.spent = map[share]*spentError{}
		}
		q.spent[s] = spent
	}
	return news
}

// refill notes that there are pulls left.
func (q *quota) refill(project string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.spent, share{project, true})
}

// next returns the spent share that is the first to end, or nil.
func (q *quota) next() *spentError {
	q.mu.Lock()
	defer q.mu.Unlock()
	var first *spentError
	for _, spent := range q.spent {
		if spent.isCurrent() && (first == nil || spent.until.Before(first.until)) {
			first = spent
		}
	}
	return first
}

// isPull reports whether a request counts as a pull, as Docker Hub counts them.
// https://docs.docker.com/docker-hub/usage/pulls/
func isPull(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/manifests/")
}

// spentError is the error of a request that the registry has said it will not
// answer before some time.
type spentError struct {
	name   string // of the registry, or of a project of it
	until  time.Time
	latest bool // until is the latest time, it may be earlier
	why    string
}

func (e *spentError) Error() string {
	latest := ""
	if e.latest {
		latest = " at the latest"
	}
	return fmt.Sprintf("the quota at %s is spent until %s%s (%s)", e.name, clock(e.until), latest, e.why)
}

// Reason returns the reason of an image's result.
func (e *spentError) Reason() validate.Reason { return validate.RateLimited }

func (e *spentError) isCurrent() bool { return e != nil && time.Now().Before(e.until) }

// maxPatience is how long an image waits for a quota. It holds a place meanwhile
// that an image of another registry could have.
const maxPatience = time.Minute

// endsInTime reports whether a request with a context may wait until the quota
// is spent no more, and can still be sent then.
func (e *spentError) endsInTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return time.Until(e.until) <= maxPatience && (!ok || e.until.Before(deadline))
}
