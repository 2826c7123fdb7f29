package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func testQuota(registry string) *quota {
	return newQuota(Target{Name: registry, Host: "r.example"}, func(words string) string { return words }, func(string) {})
}

func manifestOf(t *testing.T, method, repository string) *http.Request {
	t.Helper()
	return newRequest(t, method, "https://r.example/v2/"+repository+"/manifests/1")
}

// TestQuotaShares shows which requests a spent share holds back.
func TestQuotaShares(t *testing.T) {
	whole, pulls := share{}, share{pulls: true}
	project, projectPulls := share{project: "cache"}, share{"cache", true}
	for _, test := range []struct {
		method, url string
		held        []share
	}{
		{http.MethodGet, "https://r.example/v2/cache/app/manifests/1", []share{whole, pulls, project, projectPulls}},
		{http.MethodHead, "https://r.example/v2/cache/app/manifests/1", []share{whole, project}},
		{http.MethodGet, "https://r.example/v2/cache/app/blobs/sha256:a", []share{whole, project}},
		{http.MethodGet, "https://r.example/v2/team/app/manifests/1", []share{whole, pulls}},
		{http.MethodGet, "https://r.example/v2/", []share{whole}},
		{http.MethodGet, "https://store.example/v2/cache/app/manifests/1", nil},
	} {
		for _, s := range []share{whole, pulls, project, projectPulls} {
			q := testQuota("r.example")
			spent := &spentError{until: time.Now().Add(time.Hour)}
			q.spend(s, spent)
			held := q.spentFor(newRequest(t, test.method, test.url))
			want := (*spentError)(nil)
			for _, h := range test.held {
				if h == s {
					want = spent
				}
			}
			if held != want {
				t.Errorf("%s %s with %+v spent: %v, want %v", test.method, test.url, s, held, want)
			}
		}
	}
}

// TestQuotaNews shows that a spent quota is news only once. It also shows how long the
// quota is spent.
func TestQuotaNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := testQuota("r.example")
		first, second := &spentError{until: time.Now().Add(time.Hour)}, &spentError{until: time.Now().Add(2 * time.Hour)}
		if q.next() != nil || !q.spend(share{"cache", true}, second) {
			t.Error("the first spent quota is no news")
		}
		if q.spend(share{"cache", false}, first) {
			t.Error("a second one of the same project is news")
		}
		if !q.spend(share{"team", false}, second) {
			t.Error("that of another project is no news")
		}
		if q.next() != first {
			t.Errorf("the first to end is %v", q.next())
		}
		if q.spend(share{"cache", true}, first); q.spentPulls("cache") != second {
			t.Error("a later answer changed the end")
		}
		if q.refill("cache"); q.spentPulls("cache") != nil {
			t.Error("a project with new pulls still counts as spent")
		}
		time.Sleep(2 * time.Hour)
		if q.next() != nil || !q.spend(share{"cache", false}, &spentError{until: time.Now().Add(time.Hour)}) {
			t.Error("a quota that has come back counts as spent")
		}
	})
}

// TestQuotaTransport shows how long a request waits for a quota.
func TestQuotaTransport(t *testing.T) {
	for _, test := range []struct {
		name   string
		before time.Duration // how long the quota is known to be spent before the request; 0 means not spent
		during time.Duration // how long the quota is spent by the answer to the first request
		within time.Duration // the time limit of the context; 0 means no limit
		waits  time.Duration
		sent   int
		spent  bool
	}{
		{"not spent", 0, 0, 0, 0, 1, false},
		{"back soon", 50 * time.Second, 0, 0, 50 * time.Second, 1, false},
		{"too late for any request", 61 * time.Second, 0, 0, 0, 0, true},
		{"too late for the image", 50 * time.Second, 0, 40 * time.Second, 0, 0, true},
		{"learned by the request", 0, 50 * time.Second, 0, 50 * time.Second, 2, false},
		{"learned, and too late", 0, time.Hour, 0, 0, 1, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			q := testQuota("r.example")
			if test.before > 0 {
				q.spend(share{}, &spentError{until: time.Now().Add(test.before)})
			}
			sent := 0
			transport := &quotaTransport{quota: q, next: roundTripper(func(r *http.Request) (*http.Response, error) {
				if sent++; sent == 1 && test.during > 0 {
					return nil, fmt.Errorf("somewhere below: %w", &spentError{until: time.Now().Add(test.during)})
				}
				return answer(r, http.StatusOK, ""), nil
			})}
			ctx := t.Context()
			if test.within > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.within)
				defer cancel()
			}
			began := time.Now()
			_, err := transport.RoundTrip(manifestOf(t, http.MethodGet, "team/app").WithContext(ctx))
			if took := time.Since(began); took != test.waits || sent != test.sent || errors.As(err, new(*spentError)) != test.spent {
				t.Errorf("%s: %v after %v and %d requests", test.name, err, took, sent)
			}
		})
	}

	// If every answer says that the quota is spent, the request fails at some time. A
	// caller that waits can also give up.
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		transport := &quotaTransport{quota: testQuota("r.example"), next: roundTripper(func(*http.Request) (*http.Response, error) {
			sent++
			return nil, &spentError{until: time.Now().Add(time.Second)}
		})}
		if _, err := transport.RoundTrip(manifestOf(t, http.MethodGet, "team/app")); !errors.As(err, new(*spentError)) || sent != 10 {
			t.Errorf("%v after %d requests", err, sent)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if _, err := transport.RoundTrip(manifestOf(t, http.MethodGet, "team/app").WithContext(ctx)); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	})
}
