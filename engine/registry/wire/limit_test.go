package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/level"
)

const (
	pullsSpent = `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`
	slowDown   = `{"errors":[{"code":"TOOMANYREQUESTS","message":"Too Many Requests"}]}`
)

// TestLearn shows what one answer says about the quota.
func TestLearn(t *testing.T) {
	for _, test := range []struct {
		name     string
		registry string
		method   string
		status   int
		body     string
		header   []string
		spent    share
		lasts    time.Duration // how long the share is spent; 0 if none is spent
		refused  bool          // whether an error replaces the answer
		why      string
		after    string // the header Retry-After that the next link sees
	}{
		{"nothing", "r.example", "GET", 200, "", nil, share{}, 0, false, "", ""},
		{"pulls are left", "r.example", "GET", 200, "", []string{"Ratelimit-Remaining", "76;w=21600"}, share{}, 0, false, "", ""},
		{"the last pull", "r.example", "HEAD", 200, "", []string{"Ratelimit-Remaining", "0;w=21600"}, share{"team", true}, 6 * time.Hour, false, "ratelimit-remaining: 0;w=21600", ""},
		{"the last pull of Docker Hub", "docker.io", "HEAD", 200, "", []string{"Ratelimit-Remaining", "0;w=21600"}, share{"", true}, 6 * time.Hour, false, "ratelimit-remaining: 0;w=21600", ""},
		{"the last request of this second", "r.example", "HEAD", 200, "", []string{"Ratelimit-Remaining", "0;w=1"}, share{}, 0, false, "", ""},
		{"spent pulls", "r.example", "GET", 429, pullsSpent, nil, share{"team", true}, 6 * time.Hour, true, "429 Too Many Requests: TOOMANYREQUESTS You have", ""},
		{"spent pulls of Docker Hub", "docker.io", "GET", 429, pullsSpent, nil, share{"", true}, 6 * time.Hour, true, "429 Too Many Requests: TOOMANYREQUESTS You have", ""},
		{"spent for a HEAD, too", "r.example", "HEAD", 429, "", []string{"Ratelimit-Remaining", "0;w=3600"}, share{"team", false}, time.Hour, true, "429 Too Many Requests", ""},
		{"the registry's own limit", "r.example", "GET", 429, slowDown, []string{"Retry-After", "600"}, share{}, 10 * time.Minute, true, "429 Too Many Requests: TOOMANYREQUESTS Too Many", ""},
		{"a short wait", "r.example", "GET", 429, slowDown, []string{"Retry-After", "7"}, share{}, 0, false, "", "7"},
		{"a short wait in the message", "r.example", "GET", 429, "retry-after: 1.5s, allowed: 100/minute", nil, share{}, 0, false, "", "2"},
		{"a long wait in the message", "r.example", "GET", 429, "retry-after: 20m30s, allowed: 100/minute", nil, share{}, 20*time.Minute + 30*time.Second, true, "429 Too Many Requests: retry-after", ""},
		{"no wait", "r.example", "GET", 429, slowDown, nil, share{}, 0, false, "", ""},
		{"a nonsensical wait", "r.example", "GET", 429, slowDown, []string{"Retry-After", "999999999"}, share{}, 0, false, "", "999999999"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, warned := testQuota(test.registry), ""
				q.warn = func(message string) { warned = message }
				request := manifestOf(t, test.method, "team/app")
				response := answer(request, test.status, test.body, test.header...)
				refused := q.learn(request, response)
				if (refused != nil) != test.refused {
					t.Errorf("got %v in place of the answer", refused)
				}
				if after := response.Header.Get("Retry-After"); test.after != "" && after != test.after {
					t.Errorf("Retry-After is %q, want %q", after, test.after)
				}
				if body, err := io.ReadAll(response.Body); string(body) != test.body || err != nil {
					t.Errorf("the body is %q, %v", body, err)
				}
				spent := q.spent[test.spent]
				if test.lasts == 0 {
					if len(q.spent) > 0 || warned != "" {
						t.Errorf("spent is %v, warned %q", q.spent, warned)
					}
					return
				}
				if len(q.spent) != 1 || spent == nil || time.Until(spent.until) != test.lasts || !strings.HasPrefix(spent.why, test.why) {
					t.Fatalf("spent is %+v of %v", spent, q.spent)
				}
				if !strings.HasPrefix(warned, spent.Error()) {
					t.Errorf("warned %q", warned)
				}
			})
		})
	}
}

// TestLearnUnexplained shows what a 429 without a message means: it depends on whether
// the pulls are known to be spent. It also shows that pulls come back.
func TestLearnUnexplained(t *testing.T) {
	q := testQuota("docker.io")
	head, get := manifestOf(t, http.MethodHead, "team/app"), manifestOf(t, http.MethodGet, "team/app")
	if spent := q.learn(head, answer(head, 429, "")); spent != nil {
		t.Errorf("an answer without words: %v", spent)
	}
	pulls := q.learn(get, answer(get, 429, pullsSpent))
	if spent := q.learn(head, answer(head, 429, "")); spent == nil || spent != pulls || q.spentFor(head) != pulls {
		t.Errorf("with the pulls spent: %v", spent)
	}
	q.spent = nil
	q.learn(get, answer(get, 429, pullsSpent))
	q.learn(head, answer(head, 200, "", "Ratelimit-Remaining", "3;w=21600"))
	if spent := q.spentFor(get); spent != nil {
		t.Errorf("with pulls left: %v", spent)
	}
	elsewhere := newRequest(t, http.MethodGet, "https://store.example/v2/team/app/manifests/1")
	if q.learn(elsewhere, answer(elsewhere, 429, pullsSpent)); len(q.spent) > 0 {
		t.Errorf("another host's quota: %v", q.spent)
	}
}

// TestLimit shows that the transport sends no request while the quota is spent, and
// that it learns from answers.
func TestLimit(t *testing.T) {
	q, p := testQuota("r.example"), newPace(0)
	sent, status, body := 0, http.StatusOK, ""
	transport := &limitTransport{quota: q, pace: p, next: roundTripper(func(r *http.Request) (*http.Response, error) {
		sent++
		if status == 0 {
			return nil, errRefused
		}
		return answer(r, status, body), nil
	})}
	get := func(method string) error {
		_, err := transport.RoundTrip(manifestOf(t, method, "team/app"))
		return err
	}
	get(http.MethodGet)
	if p.sent != 1 || p.refused != 0 {
		t.Errorf("%d counted, %v refused", p.sent, p.refused)
	}
	if status = 0; get(http.MethodGet) != errRefused || p.refused != 0 {
		t.Error("a failure counted for the pace")
	}
	status = http.StatusTooManyRequests
	if get(http.MethodHead); p.refused != 0 {
		t.Error("an answer without a message counted for the pace")
	}
	body = slowDown
	if get(http.MethodGet); p.refused != shareOfOne {
		t.Errorf("%v were refused", p.refused)
	}
	body = pullsSpent
	if err := get(http.MethodGet); !errors.As(err, new(*spentError)) || p.refused != shareOfOne {
		t.Errorf("got %v, %v were refused", err, p.refused)
	}
	if err := get(http.MethodGet); !errors.As(err, new(*spentError)) || sent != 5 {
		t.Errorf("got %v, %d were sent", err, sent)
	}
}

// TestReportOutcome shows that the attempts to read a damaged object are not taken for trouble
// of the registry, and that many failing requests are.
func TestReportOutcome(t *testing.T) {
	for _, test := range []struct {
		name             string
		requests, status int
		want             int // how many images may be under way after that
	}{
		{"three damaged objects", 3, http.StatusInternalServerError, level.Start},
		{"all requests fail", 7, http.StatusInternalServerError, level.Start / 2},
		{"all requests work", 7, http.StatusOK, level.Start},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				places, pair := level.NewPlaces(256, time.Hour), level.Pair{Destination: "r.example"}
				ctx, leave, err := places.Enter(t.Context(), pair)
				if err != nil {
					t.Fatal(err)
				}
				quota, objects := testQuota("r.example"), new(failingObjects)
				retry := &retryTransport{
					isGivenUp: func(*url.URL) bool { return false }, objects: func(*url.URL) *failingObjects { return objects }, trouble: new(trouble),
					next: &limitTransport{quota: quota, pace: newPace(0), next: roundTripper(func(r *http.Request) (*http.Response, error) {
						return answer(r, test.status, "words"), nil
					})},
				}
				for range test.requests {
					response, err := retry.RoundTrip(manifestOf(t, http.MethodGet, "team/app").WithContext(ctx))
					if err != nil {
						t.Fatal(err)
					}
					response.Body.Close()
				}
				leave()
				ended, cancel := context.WithCancel(t.Context())
				cancel() // so that Enter does not wait
				free := 0
				for ; err == nil; free++ {
					_, _, err = places.Enter(ended, pair)
				}
				if free-1 != test.want {
					t.Errorf("%d images may be under way, want %d", free-1, test.want)
				}
			})
		})
	}
}
