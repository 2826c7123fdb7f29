package wire

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// TestObjectOf shows that a digest is one object in all repositories of a project, and
// that everything else is an object of its own.
func TestObjectOf(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/team/app/manifests/sha256:a":  "sha256:a",
		"/v2/team/base/blobs/sha256:a":     "sha256:a",
		"/v2/team/app/manifests/1":         "/v2/team/app/manifests/1",
		"/v2/team/app/tags/list":           "/v2/team/app/tags/list",
		"/bucket/docker/blobs/sha256/data": "/bucket/docker/blobs/sha256/data",
	} {
		if got := objectOf(&url.URL{Path: path}); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// TestFailingObject shows what a 5xx for one object means, depending on what else the
// registry answers.
func TestFailingObject(t *testing.T) {
	var f failingObjects
	before := f.count()
	if f.recordFailure("a", before) || f.isExhausted("a") || f.failsAlone("a") {
		t.Error("nothing was answered: the whole registry may be down, but only the object is blamed")
	}
	f.recordAnswer("other", http.StatusUnauthorized)
	if f.isExhausted("a") {
		t.Error("a refused login counts as a good answer")
	}
	f.recordAnswer("other", http.StatusNotFound)
	if !f.isExhausted("a") || f.isExhausted("other") {
		t.Error("another object was answered after the failure, so this one has used its retries")
	}
	before = f.count()
	if !f.recordFailure("a", before) || !f.failsAlone("a") {
		t.Error("another object was answered between two failures, so only this one fails")
	}
	if !f.isExhausted("a") || !f.recordFailure("a", f.count()) {
		t.Error("nothing was answered since the second failure, but it is known that only this object fails")
	}
	f.recordAnswer("a", http.StatusOK)
	f.recordAnswer("other", http.StatusOK)
	if f.isExhausted("a") || f.failsAlone("a") {
		t.Error("the object was answered, and still counts as failing")
	}
}

// TestFailingObjectsBounded shows that a registry whose whole storage is broken does not
// fill the memory.
func TestFailingObjectsBounded(t *testing.T) {
	var f failingObjects
	for i := range maxFailing + 10 {
		f.recordFailure(string(rune(i)), 0)
	}
	if len(f.failed) != maxFailing {
		t.Errorf("%d objects are remembered, want %d", len(f.failed), maxFailing)
	}
}

// TestRetryOneObject shows how often, and how long, a request is sent again whose answer
// is 5xx: as long as ever if nothing else is answered, for a short time if other requests
// are, and not at all if the object has used its retries.
func TestRetryOneObject(t *testing.T) {
	const object = "https://r.example/v2/team/app/manifests/sha256:a"
	for _, test := range []struct {
		name        string
		exhausted   bool
		others      bool // whether others are answered well in the meantime
		wait        string
		attempts    int
		least, most time.Duration
	}{
		{"nothing else is answered", false, false, "", 10, 14 * time.Second, 30 * time.Second},
		{"others are answered", false, true, "", 10, time.Second, 4 * time.Second},
		{"others are answered, and the registry asks for a wait", false, true, "2", 10, 18 * time.Second, 21 * time.Second},
		{"the object has used its retries", true, true, "", 1, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			objects := &failingObjects{}
			if test.exhausted {
				objects.recordFailure("sha256:a", 0)
				objects.recordAnswer("other", http.StatusOK)
			}
			sent := 0
			retry := testRetry(roundTripper(func(r *http.Request) (*http.Response, error) {
				sent++
				if test.others {
					objects.recordAnswer("other", http.StatusOK)
				}
				return answer(r, http.StatusServiceUnavailable, "", "Retry-After", test.wait), nil
			}))
			retry.objects = func(*url.URL) *failingObjects { return objects }
			began := time.Now()
			response, err := retry.RoundTrip(newRequest(t, http.MethodHead, object))
			if err != nil || response.StatusCode != http.StatusServiceUnavailable || sent != test.attempts {
				t.Errorf("%s: got %v, %v after %d attempts, want %d", test.name, response, err, sent, test.attempts)
			}
			if took := time.Since(began); took < test.least || took > test.most { // by synctest's clock
				t.Errorf("%s: it took %v, want %v to %v", test.name, took, test.least, test.most)
			}
		})
	}
}

// TestCircuitOfOneObject shows that an object which fails alone does not open the circuit
// of its project.
func TestCircuitOfOneObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &circuitTransport{circuits: newCircuits(func(string) {})}
		transport.next = roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(minOutage)
			if r.URL.Path == "/v2/team/app/manifests/1" {
				return answer(r, http.StatusOK, ""), nil
			}
			return answer(r, http.StatusInternalServerError, ""), nil
		})
		get := func(reference string) {
			request := newRequest(t, http.MethodGet, "https://r.example/v2/team/app/manifests/"+reference)
			if _, err := transport.RoundTrip(request); err != nil {
				t.Error(err)
			}
		}
		_, part := transport.circuits.of(newRequest(t, http.MethodGet, "https://r.example/v2/team/app/manifests/1").URL)
		for range 2 * partFailures {
			get("sha256:a")
			get("1")
		}
		get("sha256:a")
		if part.failures != 0 || !part.objects.failsAlone("sha256:a") {
			t.Errorf("an object that fails alone counts %d times as a failure of its project", part.failures)
		}
		// From now on nothing is answered: the project may be down. The first object says
		// nothing of that.
		get("sha256:a")
		get("sha256:b")
		get("sha256:c")
		if part.failures != 2 {
			t.Errorf("%d failures of the project, want 2", part.failures)
		}
	})
}
