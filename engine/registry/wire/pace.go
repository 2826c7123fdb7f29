package wire

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mvrun/engine/await"
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
	// The pace is made slower when 15 % of recent answers are 429. A single 429 is only
	// retried: a few come by chance, many mean that we are too fast. Once it has helped to
	// be slower, 8 % are enough. One answer counts for 5 % of recent answers.
	maxRefused, maxRefusedAgain, shareOfOne = 0.15, 0.08, 0.05

	// slowerBy changes the pace when the registry refuses too many requests. When about the
	// right pace is known, slowerAgainBy does.
	slowerBy, slowerAgainBy = 0.5, 0.7
	minPace                 = rate.Limit(1)
	// minMeasured is the lowest pace that may count as too fast, in requests per
	// second. If a lower pace was measured, only few requests were needed.
	minMeasured = 10

	// probePace is the pace after it was made slower, until the registry accepts a request. A
	// registry that counts the requests of each second refuses all others of that second.
	probePace = rate.Limit(5)
	// After that, the pace stays the same until the registry has accepted so many requests.
	// If it refuses one of them, it does not help to be slower: 429 come by chance.
	trialLength = 30
	// byChanceGrowth changes the pace with each accepted request, if 429 come by chance.
	byChanceGrowth = 1.05
	// Otherwise the pace grows by this part of itself in a second, while requests wait for
	// their turn. Each time that it proves too fast again, it grows slower after that.
	usualGrowth, slowGrowth, leastGrowth = 1, 0.1, 0.02
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
	turn    chan struct{}
	granted time.Time // when the last request had its turn; only who has the turn uses it

	mu      sync.Mutex
	refused float64    // the share of recent answers that were 429
	slowed  time.Time  // when the pace was last made slower; the zero time if it is not slower now
	tooFast rate.Limit // the pace at that time
	learned rate.Limit // the pace that follows once the registry accepts a request; 0 if it has

	trial    int       // how many requests were accepted at that pace, up to trialLength
	byChance bool      // whether one was refused meanwhile
	growth   float64   // by which part of itself the pace grows in a second
	grown    time.Time // when it last could grow
	waited   time.Time // when a request last had to wait for its turn

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
		began := time.Now()
		if p.limiter.Wait(ctx) == nil && p.keepDistance(ctx) == nil {
			p.noteWait(began)
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

// keepDistance waits until the last turn is long enough ago. When the limit grows during a
// wait, the limiter would also let the next request go at once.
func (p *pace) keepDistance(ctx context.Context) error {
	if limit := float64(p.limiter.Limit()); !p.granted.IsZero() {
		distance := time.Duration(0.9 / limit * float64(time.Second))
		if err := await.Sleep(ctx, time.Until(p.granted.Add(distance))); err != nil {
			return err
		}
	}
	p.granted = time.Now()
	return nil
}

// noteWait notes that a request has waited for its turn, if it had to.
func (p *pace) noteWait(began time.Time) {
	now := time.Now()
	if now.Sub(began) < time.Millisecond {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waited = now
}

// isBinding reports whether requests wait for the limit, so that as many are sent as it
// allows. p.mu is held.
func (p *pace) isBinding() bool {
	return p.limiter.Limit() < rate.Inf && (len(p.turn) > 0 || time.Since(p.waited) < 100*time.Millisecond)
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
	most := maxRefused
	switch {
	case p.slowed.IsZero() || p.learned > 0:
	case p.trial < trialLength:
		p.byChance = true
	case !p.byChance:
		most = maxRefusedAgain
	}
	if p.refused += shareOfOne * (1 - p.refused); p.refused < most {
		return
	}
	if p.learned > 0 { // nothing was accepted since the pace was made slower
		p.limiter.SetLimit(min(p.limiter.Limit(), max(p.limiter.Limit()*slowerBy, minPace)))
	} else {
		p.slowDown()
	}
	p.slowed, p.refused = time.Now(), 0
}

// slowDown makes the pace slower. p.mu is held.
func (p *pace) slowDown() {
	fast, slower := p.limiter.Limit(), rate.Limit(slowerBy)
	if !p.isBinding() {
		fast = min(fast, rate.Limit(max(p.sent, p.last, minMeasured)))
	}
	switch {
	case p.slowed.IsZero() || p.byChance:
		p.growth = usualGrowth
	case p.growth == usualGrowth:
		p.growth = slowGrowth
	default:
		slower, p.growth = slowerAgainBy, leastGrowth
	}
	p.tooFast, p.trial, p.byChance = fast, 0, false
	p.learned = min(p.ceiling, max(fast*slower, minPace))
	p.limiter.SetLimit(min(p.learned, probePace))
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
	limit := p.faster()
	// Once the limit is far above the pace that was too fast, it is not needed any more.
	far := rate.Limit(4)
	if p.byChance {
		far = 2
	}
	if limit >= min(p.ceiling, far*p.tooFast) {
		limit, p.slowed = p.ceiling, time.Time{}
	}
	p.limiter.SetLimit(limit)
}

// faster returns the limit after another request was accepted. p.mu is held.
func (p *pace) faster() rate.Limit {
	limit, now := p.limiter.Limit(), time.Now()
	passed := min(now.Sub(p.grown), time.Second).Seconds()
	p.grown = now
	switch {
	case p.learned > 0:
		limit, p.learned = p.learned, 0
	case p.byChance:
		limit *= byChanceGrowth
	case !p.isBinding(): // nobody knows whether the registry accepts more
	case p.trial < trialLength:
		p.trial++
	case limit > 1.25*p.tooFast: // it accepts more than it did
		limit *= rate.Limit(1 + usualGrowth*passed)
	default:
		limit *= rate.Limit(1 + p.growth*passed)
	}
	return limit
}

// slowedTo returns the pace in requests per second, and whether requests wait because it
// is slower than the settings say.
func (p *pace) slowedTo() (perSecond float64, slowed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.limiter.Limit()), !p.slowed.IsZero() && p.isBinding()
}
