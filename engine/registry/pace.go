package registry

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How fast a registry may be asked: as the script says, and slower while the
// registry itself says so.

const (
	// A registry that says "slow down" gets half the pace; each good answer then
	// makes it a little faster, until it says so again.
	slower, faster = 0.5, 1.05
	slowest        = rate.Limit(1)
	// One answer that says so is tried again, and no more. It takes a share of
	// the latest answers, for a pace that is too fast has many refused, and those
	// that come by chance must not bring a registry to a stand.
	tooMuch, ofLatest = 0.15, 0.05
	// So few requests in a second tell nothing: more were not needed.
	fewest = 10
)

// pace spreads requests over time.
type pace struct {
	limiter *rate.Limiter
	ceiling rate.Limit // rate.Inf for none
	// turn is held by the one who waits for the limiter: the turns of all others
	// come at the pace of then, not at that of now.
	turn chan struct{}

	mu      sync.Mutex
	refused float64    // the share of the latest answers
	slowed  time.Time  // when it was last; zero if it is not
	tooFast rate.Limit // the pace at that moment

	second     time.Time // that is counted now
	sent, last int       // requests in it, and in the one before
}

// newPace returns a pace of so many requests in a second, 0 for any number.
func newPace(perSecond float64) *pace {
	ceiling := rate.Inf
	if perSecond > 0 {
		ceiling = rate.Limit(perSecond)
	}
	return &pace{limiter: rate.NewLimiter(ceiling, 1), ceiling: ceiling, turn: make(chan struct{}, 1)}
}

// Requests whose turn would come too late.
var (
	errNoTurn = error(lateError("requests_per_second leaves it no turn in its time"))
	errSlowed = error(lateError("the registry wants fewer requests (429 Too Many Requests), which leaves it no turn in its time"))
)

// lateError is what kept a request until its image's time was over, or longer.
type lateError string

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

// tooMany notes that a request was refused with "slow down". Those count that
// were sent since the pace became what it is.
func (p *pace) tooMany(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.slowed.IsZero() && !sent.After(p.slowed) {
		return
	}
	if p.refused += ofLatest * (1 - p.refused); p.refused < tooMuch {
		return
	}
	p.slowed, p.refused = time.Now(), 0
	p.tooFast = min(p.limiter.Limit(), rate.Limit(max(p.sent, p.last, fewest)))
	p.limiter.SetLimit(min(p.ceiling, max(p.tooFast*slower, slowest)))
}

// fine notes that a request was taken.
func (p *pace) fine(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.slowed.IsZero() && !sent.After(p.slowed) {
		return
	}
	if p.refused -= ofLatest * p.refused; p.slowed.IsZero() {
		return
	}
	// Well above what was too fast it holds nobody back any more.
	limit := p.limiter.Limit() * faster
	if limit >= min(p.ceiling, 2*p.tooFast) {
		limit, p.slowed = p.ceiling, time.Time{}
	}
	p.limiter.SetLimit(limit)
}
