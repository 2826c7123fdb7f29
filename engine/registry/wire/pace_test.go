package wire

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// requested tells p of n requests at once.
func requested(p *pace, n int) {
	for range n {
		p.count()
	}
}

// refuse tells p of n answers 429 to requests that are sent now.
func refuse(p *pace, n int) {
	for range n {
		p.recordRefused(time.Now())
	}
}

// accept tells p, a second later, of n requests that are accepted at once.
func accept(p *pace, n int) {
	time.Sleep(time.Second)
	for range n {
		p.recordAccepted(time.Now())
	}
}

// busy has p accept requests for n seconds, at its pace, while others wait for their turn.
func busy(p *pace, n int) {
	p.turn <- struct{}{}
	for began := time.Now(); time.Since(began) < time.Duration(n)*time.Second; {
		time.Sleep(time.Duration(float64(time.Second) / min(float64(p.limiter.Limit()), 1000)))
		p.count()
		p.recordAccepted(time.Now())
	}
	<-p.turn
}

// refuseBusy tells p of n answers 429 while requests wait for their turn.
func refuseBusy(p *pace, n int) {
	p.turn <- struct{}{}
	refuse(p, n)
	<-p.turn
}

// TestPace shows which pace follows from answers 429.
func TestPace(t *testing.T) {
	for _, test := range []struct {
		name      string
		perSecond float64
		do        func(p *pace)
		want      rate.Limit
	}{
		{"none", 0, func(p *pace) {}, rate.Inf},
		{"as the script says", 5, func(p *pace) {}, 5},
		{"three at the beginning", 0, func(p *pace) { refuse(p, 3) }, rate.Inf},
		{"four", 0, func(p *pace) { requested(p, 40); refuse(p, 4) }, 5},
		{"four, and then one is accepted", 0, func(p *pace) { requested(p, 40); refuse(p, 4); accept(p, 1) }, 20},
		{"of few requests", 0, func(p *pace) { requested(p, 4); refuse(p, 4); accept(p, 1) }, 5},
		{"one in ten, by chance", 0, func(p *pace) {
			for range 100 {
				requested(p, 10)
				refuse(p, 1)
				for range 9 {
					p.recordAccepted(time.Now())
				}
			}
		}, rate.Inf},
		{"three in ten", 0, func(p *pace) {
			requested(p, 40)
			for range 10 {
				refuse(p, 3)
				for range 7 {
					p.recordAccepted(time.Now())
				}
			}
			accept(p, 1)
		}, 20},
		{"of the second before", 0, func(p *pace) {
			requested(p, 40)
			time.Sleep(time.Second)
			requested(p, 4)
			refuse(p, 4)
			accept(p, 1)
		}, 20},
		{"long after many", 0, func(p *pace) {
			requested(p, 400)
			time.Sleep(2 * time.Second)
			requested(p, 40)
			refuse(p, 4)
			accept(p, 1)
		}, 20},
		{"slower than the script says", 30, func(p *pace) { requested(p, 400); refuse(p, 4); accept(p, 1) }, 15},
		{"no slower than one", 1.5, func(p *pace) { requested(p, 2); refuse(p, 4); accept(p, 1) }, 1},
		{"not above what the script says", 0.5, func(p *pace) { refuse(p, 4); accept(p, 1) }, 0.5},
		{"sent before it was slowed", 0, func(p *pace) {
			requested(p, 40)
			refuse(p, 40) // all requests were sent at one moment, before p became slower
		}, 5},
		{"nothing is accepted yet", 0, func(p *pace) {
			requested(p, 40)
			refuse(p, 4)
			time.Sleep(time.Second)
			refuse(p, 3)
		}, 5},
		{"still nothing is accepted", 0, func(p *pace) {
			requested(p, 40)
			for range 3 {
				refuse(p, 4)
				time.Sleep(time.Second)
			}
		}, 1.25},
		{"nothing is accepted for long", 0, func(p *pace) {
			requested(p, 40)
			for range 10 {
				refuse(p, 4)
				time.Sleep(time.Second)
			}
		}, 1},
		{"no faster than what is needed", 0, func(p *pace) {
			requested(p, 40)
			refuse(p, 4)
			accept(p, 100)
		}, 20},
		{"a trial", 0, func(p *pace) { requested(p, 40); refuse(p, 4); accept(p, 1); busy(p, 1) }, 20},
		{"twice as fast, a second after the trial", 0, func(p *pace) { requested(p, 40); refuse(p, 4); accept(p, 1); busy(p, 2) }, 33},
		{"well above what was too fast", 0, func(p *pace) { requested(p, 40); refuse(p, 4); accept(p, 1); busy(p, 6) }, rate.Inf},
		{"too fast again", 0, func(p *pace) {
			requested(p, 40)
			refuse(p, 4)
			accept(p, 1)
			busy(p, 2)
			refuseBusy(p, 2)
			accept(p, 1)
		}, 16.5},
		{"then it grows slower", 0, func(p *pace) {
			requested(p, 40)
			refuse(p, 4)
			accept(p, 1)
			busy(p, 2)
			refuseBusy(p, 2)
			accept(p, 1)
			busy(p, 3)
		}, 18.6},
		{"one is refused in the trial", 0, func(p *pace) {
			requested(p, 40)
			refuse(p, 4)
			accept(p, 1)
			refuse(p, 1)
			accept(p, 28) // 1.05^28 is nearly 4
		}, 78},
		{"one is refused in the trial, and then many are accepted", 0, func(p *pace) {
			requested(p, 40)
			refuse(p, 4)
			accept(p, 1)
			refuse(p, 1)
			accept(p, 29)
		}, rate.Inf},
		{"up to what the script says", 30, func(p *pace) { requested(p, 400); refuse(p, 4); accept(p, 1); busy(p, 10) }, 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPace(test.perSecond)
				test.do(p)
				if got := p.limiter.Limit(); got != test.want && !(got > test.want*0.97 && got < test.want*1.03) {
					t.Errorf("got %v a second, want %v", got, test.want)
				}
				if slowed := !p.slowed.IsZero(); slowed != (p.limiter.Limit() < p.ceiling) && test.perSecond != 0.5 {
					t.Errorf("slowed: %v, at %v of %v", slowed, p.limiter.Limit(), p.ceiling)
				}
			})
		})
	}
}

// TestPaceTooLate shows the error of a request whose turn comes too late.
func TestPaceTooLate(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(p *pace)
		want error
	}{
		{"the script's pace", func(p *pace) {}, errNoTurn},
		{"the registry's pace", func(p *pace) { refuse(p, 4) }, errSlowed},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(0.1)
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			test.do(p)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := p.wait(ctx); err != test.want {
				t.Errorf("%s: got %v, want %v", test.name, err, test.want)
			}
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if err := p.wait(stopped); err != context.Canceled {
				t.Errorf("%s: cancelled, it got %v", test.name, err)
			}
			began := time.Now()
			if err := p.wait(t.Context()); err != nil || time.Since(began) > 10*time.Second {
				t.Errorf("%s: a later request got %v after %v", test.name, err, time.Since(began))
			}
		})
	}
}

// TestPaceTransport shows that requests are sent in their turn, or not at all.
func TestPaceTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		transport := &paceTransport{pace: newPace(0.5), next: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent++
			return answer(r, http.StatusOK, ""), nil
		})}
		began := time.Now()
		for range 3 {
			if _, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/")); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("three requests at one in two seconds took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/").WithContext(ctx)); err != errNoTurn || sent != 3 {
			t.Errorf("got %v, %d were sent", err, sent)
		}
	})
}

// TestPaceKeepsDistance shows that no two requests have their turn at once, also if the
// pace grows while one of them waits.
func TestPaceKeepsDistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(1)
		var turns []time.Time
		time.AfterFunc(1500*time.Millisecond, func() { p.limiter.SetLimit(10) })
		for range 4 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			turns = append(turns, time.Now())
		}
		for i := range 3 {
			if distance := turns[i+1].Sub(turns[i]); distance < 90*time.Millisecond {
				t.Errorf("%v between two turns", distance)
			}
		}
	})
}
