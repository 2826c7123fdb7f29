package registry

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// What answers say of a registry's limits.

// saysNoMore says whether a 429 leaves open what it means: the answer to a
// HEAD has no words.
func saysNoMore(response *http.Response) bool {
	return response.StatusCode == http.StatusTooManyRequests && response.Request != nil && response.Request.Method == http.MethodHead &&
		strings.Contains(response.Request.URL.Path, "/manifests/") &&
		response.Header.Get("Retry-After") == "" && response.Header.Get("Ratelimit-Remaining") == ""
}

// whyTooMany returns a 429's own words, and leaves its body as it was.
func whyTooMany(response *http.Response) string {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal)) // what of it there is, tells
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	refused := *response
	refused.Body = io.NopCloser(bytes.NewReader(body))
	if status, ok := transport.CheckError(&refused).(*transport.Error); ok && len(status.Errors) > 0 {
		return registryWords(status)
	}
	return oneLine(string(body))
}

// limits are what an answer says of them.
type limits struct {
	left   int           // requests, -1 if it does not say
	window time.Duration // in which they are counted, 0 if it does not say
	wait   time.Duration // until there are more, 0 if it does not say
}

// limitsOf reads Docker Hub's "ratelimit-remaining: 0;w=21600", the
// RateLimit-Reset of others, Retry-After, and the wait that GHCR writes into
// its message.
func limitsOf(header http.Header, words string, now time.Time) limits {
	l := limits{left: -1}
	left, parameters, _ := strings.Cut(header.Get("Ratelimit-Remaining"), ";")
	if n, err := strconv.Atoi(strings.TrimSpace(left)); err == nil && n >= 0 {
		l.left = n
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		if w, ok := strings.CutPrefix(strings.TrimSpace(parameter), "w="); ok {
			l.window = believed(seconds(w, now))
		}
	}
	said := seconds(header.Get("Retry-After"), now)
	if found := inMessage.FindStringSubmatch(words); said == 0 && found != nil {
		said, _ = time.ParseDuration(found[1])
	}
	if said == 0 && l.left == 0 {
		said = seconds(header.Get("Ratelimit-Reset"), now)
		l.window = max(l.window, believed(said))
	}
	l.wait = believed(said)
	return l
}

// longestBan is the longest wait that is believed: longer ones are nonsense.
const longestBan = 24 * time.Hour

// believed is 0 for a wait that makes no sense.
func believed(wait time.Duration) time.Duration {
	if wait < 0 || wait > longestBan {
		return 0
	}
	return wait
}

var inMessage = regexp.MustCompile(`(?i)retry-after:\s*((?:[0-9.]+(?:ns|us|µs|ms|s|m|h))+)`)

// seconds reads a number of seconds, or a moment in HTTP's format or in
// seconds since 1970; 0 if it is none of them.
func seconds(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if t, err := http.ParseTime(value); err == nil {
		return t.Sub(now)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil || n < 0 || n > 1<<33:
		return 0
	case n > 1<<30: // 34 years from now, or a moment
		return time.Unix(n, 0).Sub(now)
	}
	return time.Duration(n) * time.Second
}
