package wire

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// paceTransport spreads the requests to a registry over time.
type paceTransport struct {
	pace *pace
	next http.RoundTripper
}

func (t *paceTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := t.pace.wait(request.Context()); err != nil {
		return nil, err
	}
	return t.next.RoundTrip(request)
}

const (
	// slowerBy changes the pace when the registry refuses too many requests. After
	// that, fasterBy changes it for each request that the registry accepts.
	slowerBy, fasterBy = 0.5, 1.05
	minPace            = rate.Limit(1)
	// The pace is halved when 15 % of recent answers are 429. A single 429 is only
	// retried: a few come by chance, many mean that we are too fast. One answer
	// counts for 5 % of recent answers.
	maxRefused, shareOfOne = 0.15, 0.05
	// minMeasured is the lowest pace that may count as too fast, in requests per
	// second. If a lower pace was measured, only few requests were needed.
	minMeasured = 10
)

// pace limits how many requests per second a registry gets. The limit is that of the
// settings, and lower while the registry refuses requests.
type pace struct {
	limiter *rate.Limiter
	ceiling rate.Limit // the limit of the settings; rate.Inf if they have none
	// turn holds a value while a request waits for the limiter. Only one request may
	// wait there, because the limiter decides at the beginning of a wait how long it
	// is. If all requests waited there, a change of the limit would come too late
	// for them.
	turn chan struct{}

	mu      sync.Mutex
	refused float64    // the share of recent answers that were 429
	slowed  time.Time  // when the pace was last made slower; the zero time if it is not slower now
	tooFast rate.Limit // the pace at that time

	second     time.Time // when the second that is being counted began
	sent, last int       // how many requests were sent in this second, and in the second before
}

// newPace returns a pace with a limit of requests per second. 0 means no limit.
func newPace(perSecond float64) *pace {
	ceiling := rate.Inf
	if perSecond > 0 {
		ceiling = rate.Limit(perSecond)
	}
	return &pace{limiter: rate.NewLimiter(ceiling, 1), ceiling: ceiling, turn: make(chan struct{}, 1)}
}

// lateError is the error of a request that was not sent, because the time of its image
// would have ended before its turn.
type lateError string

const (
	errNoTurn = lateError("requests_per_second leaves it no turn in its time")
	errSlowed = lateError("the registry wants fewer requests (429 Too Many Requests), which leaves it no turn in its time")
)

func (e lateError) Error() string        { return string(e) }
func (e lateError) Is(target error) bool { return target == context.DeadlineExceeded }

// wait waits for a request's turn.
func (p *pace) wait(ctx context.Context) error {
	if p.limiter.Limit() == rate.Inf {
		return nil
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
		if p.limiter.Wait(ctx) == nil {
			return nil
		}
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case !p.slowed.IsZero():
		return errSlowed
	}
	return errNoTurn
}

// count notes a request that is being sent.
func (p *pace) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch passed := now.Sub(p.second); {
	case passed >= 2*time.Second:
		p.second, p.sent, p.last = now, 0, 0
	case passed >= time.Second:
		p.second, p.sent, p.last = p.second.Add(time.Second), 0, p.sent
	}
	p.sent++
}

// recordRefused notes that a request was refused with 429. sent is when it was sent. A
// request that was sent before the pace became slower does not count.
func (p *pace) recordRefused(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.slowed.IsZero() && !sent.After(p.slowed) {
		return
	}
	if p.refused += shareOfOne * (1 - p.refused); p.refused < maxRefused {
		return
	}
	p.slowed, p.refused = time.Now(), 0
	p.tooFast = min(p.limiter.Limit(), rate.Limit(max(p.sent, p.last, minMeasured)))
	p.limiter.SetLimit(min(p.ceiling, max(p.tooFast*slowerBy, minPace)))
}

// recordAccepted notes that a request was not refused with 429. sent is when it was
// sent.
func (p *pace) recordAccepted(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.slowed.IsZero() && !sent.After(p.slowed) {
		return
	}
	if p.refused -= shareOfOne * p.refused; p.slowed.IsZero() {
		return
	}
	// Once the limit is twice the pace that was too fast, it is not needed any more.
	limit := p.limiter.Limit() * fasterBy
	if limit >= min(p.ceiling, 2*p.tooFast) {
		limit, p.slowed = p.ceiling, time.Time{}
	}
	p.limiter.SetLimit(limit)
}

// slowedTo returns the pace in requests per second, and whether it is slower than the
// settings say.
func (p *pace) slowedTo() (perSecond float64, slowed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.limiter.Limit()), !p.slowed.IsZero()
}
