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

// quotaTransport holds back requests while the registry has said that the quota is
// spent. A request waits until the quota comes back. If that is too late for the
// request, it fails with a *spentError.
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
			late, isSpent := errors.AsType[*spentError](err)
			if !isSpent || attempts > maxRetries {
				return response, err
			}
			spent = late
		}
		if !spent.endsInTime(request.Context()) {
			return nil, spent
		}
		if err := await.Sleep(request.Context(), time.Until(spent.until)); err != nil {
			return nil, err
		}
	}
}

// quota knows which shares of a user's quota at a registry are spent.
type quota struct {
	registry string // the name of the registry in lists, for messages
	host     string // the host of the registry itself
	common   bool   // whether all projects of the registry have one common quota
	redact   func(words string) string
	warn     func(message string)

	mu    sync.Mutex
	spent map[share]*spentError // the shares that are or were spent
}

func newQuota(t Target, redact func(string) string, warn func(string)) *quota {
	return &quota{registry: t.Name, host: t.Host, common: isDockerHub(t.Name), redact: redact, warn: warn}
}

// share is a part of a quota. It can be spent while other parts are not.
type share struct {
	// project is "" for the whole registry. In Harbor, a project may be a cache of
	// Docker Hub. Then the quota of Docker Hub counts for this project, but not for
	// the others.
	project string
	// pulls means that only GET requests for manifests count, and HEAD requests do
	// not.
	pulls bool
}

// projectOf returns the project for whose share a request counts. It returns "" if the
// request counts for the whole registry.
func (q *quota) projectOf(request *http.Request) string {
	if q.common {
		return ""
	}
	return projectOf(request.URL.Path)
}

// spentFor returns the reason why a request must not be sent now, or nil. The quota
// concerns only requests to the registry's own host. It does not concern those to its
// token server, or to a store to which it redirects.
func (q *quota) spentFor(request *http.Request) *spentError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.spent) == 0 || !strings.EqualFold(request.URL.Host, q.host) {
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

// spentPulls returns the reason why no manifest of a project can be read now, or nil.
func (q *quota) spentPulls(project string) *spentError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if spent := q.spent[share{project, true}]; spent.isCurrent() {
		return spent
	}
	return nil
}

// spend notes that a share is spent. news is true if no share of this project was known
// to be spent.
func (q *quota) spend(s share, spent *spentError) (news bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	news = !q.spent[share{}].isCurrent() && !q.spent[share{s.project, false}].isCurrent() && !q.spent[share{s.project, true}].isCurrent()
	if !q.spent[s].isCurrent() { // if it is current, the earlier answer names the end more exactly
		if q.spent == nil {
			q.spent = map[share]*spentError{}
		}
		q.spent[s] = spent
	}
	return news
}

// refill notes that a project has pulls left.
func (q *quota) refill(project string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.spent, share{project, true})
}

// next returns the error of the spent share that comes back first, or nil if no share
// is spent.
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

// isPull reports whether Docker Hub counts a request as a pull.
// https://docs.docker.com/docker-hub/usage/pulls/
func isPull(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/manifests/")
}

// spentError is the error of a request that cannot be answered because the quota is
// spent.
type spentError struct {
	name   string // the registry, or one of its projects
	until  time.Time
	latest bool // whether until is only the latest possible time
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

// maxPatience is how long a request waits for the quota at most. It is short, because
// the request keeps a job busy that could validate images of other registries.
const maxPatience = time.Minute

// endsInTime reports whether a request should wait for the quota: the wait is short
// enough, and it ends before the context's deadline.
func (e *spentError) endsInTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return time.Until(e.until) <= maxPatience && (!ok || e.until.Before(deadline))
}
