package level

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// registry answers requests of images. It works on so many at once as capacity says, and
// others wait for it.
type registry struct {
	capacity int
	latency  time.Duration
	outcome  Outcome
}

// validate is an image that sends four requests, two at once.
func (r registry) validate(ctx context.Context, working chan struct{}) {
	for range 2 {
		var requests sync.WaitGroup
		for range 2 {
			requests.Go(func() {
				sent := time.Now()
				working <- struct{}{}
				time.Sleep(r.latency)
				<-working
				Report(ctx, sent, r.outcome)
			})
		}
		requests.Wait()
	}
}

// run validates images of a pair, and returns the most that were under way at once.
func run(t *testing.T, p *Places, pair Pair, images int, r registry) int {
	working := make(chan struct{}, r.capacity)
	var all sync.WaitGroup
	for range images {
		all.Go(func() {
			ctx, leave, err := p.Enter(t.Context(), pair)
			if err != nil {
				t.Error(err)
				return
			}
			r.validate(ctx, working)
			leave()
			leave() // does nothing
		})
	}
	all.Wait()
	for _, found := range p.Found() {
		if found.Pair == pair {
			return found.Most
		}
	}
	return 0
}

// TestPlaces shows which level is found for registries of several kinds.
func TestPlaces(t *testing.T) {
	for _, test := range []struct {
		name        string
		ceiling     int
		registry    registry
		least, most int
	}{
		{"no limit", 256, registry{10000, 40 * time.Millisecond, Answered}, 256, 256},
		{"a low ceiling", 30, registry{10000, 40 * time.Millisecond, Answered}, 30, 30},
		{"forty requests at once", 256, registry{40, 40 * time.Millisecond, Answered}, 20, 80},
		{"eight requests at once", 256, registry{8, 40 * time.Millisecond, Answered}, 10, 30},
		{"it refuses all", 256, registry{10000, 40 * time.Millisecond, Refused}, 10, 10},
		{"it fails always", 256, registry{10000, 40 * time.Millisecond, Failed}, 10, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := run(t, NewPlaces(test.ceiling), Pair{"s", "d"}, 2000, test.registry); got < test.least || got > test.most {
					t.Errorf("%d at once, want %d to %d", got, test.least, test.most)
				}
			})
		})
	}
}

// TestPairs shows that a slow pair takes no places of another one.
func TestPairs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(256)
		slow := make(chan struct{})
		go func() {
			defer close(slow)
			run(t, p, Pair{"slow", "d"}, 500, registry{10000, time.Minute, Answered})
		}()
		synctest.Wait()
		began := time.Now()
		run(t, p, Pair{"fast", "d"}, 100, registry{10000, 40 * time.Millisecond, Answered})
		if took := time.Since(began); took > time.Second {
			t.Errorf("the images of the fast pair took %v", took)
		}
		<-slow
		if found := p.Found(); len(found) != 2 || found[0].Source != "fast" || found[1].Source != "slow" {
			t.Errorf("got %+v", found)
		}
	})
}

// TestEnterEnds shows that the end of the context ends the wait for a place, and that the
// place goes to somebody else.
func TestEnterEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, pair, stopped := NewPlaces(1), Pair{"s", "d"}, errors.New("stopped")
		_, leave, err := p.Enter(t.Context(), pair)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, _, err := p.Enter(ctx, pair); err != stopped {
				t.Errorf("got %v, want %v", err, stopped)
			}
		})
		synctest.Wait()
		waiting.Go(func() {
			_, leave, err := p.Enter(t.Context(), pair)
			if err != nil {
				t.Error(err)
				return
			}
			leave()
		})
		synctest.Wait()
		cancel(stopped)
		synctest.Wait()
		leave()
		waiting.Wait()
	})
	Report(t.Context(), time.Now(), Answered) // outside of a place, it does nothing
}

// TestStaleReports shows that answers to requests that were sent before the limit was
// lowered do not lower it again.
func TestStaleReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(256)
		ctx, _, err := p.Enter(t.Context(), Pair{"s", "d"})
		if err != nil {
			t.Fatal(err)
		}
		sent := time.Now()
		time.Sleep(time.Second)
		for range 50 {
			Report(ctx, sent, Failed)
		}
		if limit := p.pairs[Pair{"s", "d"}].level.Limit; limit != Start/2 {
			t.Errorf("the limit is %d", limit)
		}
	})
}
