package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// limits are what one answer says of a registry's limits.
type limits struct {
	refused   bool          // the answer is 429 Too Many Requests
	words     string        // of a refusal, "" if it has none
	remaining string        // the header Ratelimit-Remaining
	left      int           // requests, -1 if the answer does not say
	window    time.Duration // in which requests are counted, 0 if the answer does not say
	wait      time.Duration // until there are more, 0 if the answer does not say
}

// readLimits reads the limits from an answer. It reads the body of a refusal,
// and leaves it as it was.
func readLimits(response *http.Response, now time.Time) limits {
	l := limits{refused: response.StatusCode == http.StatusTooManyRequests}
	if l.refused {
		l.words = whyTooMany(response)
	}
	l.readHeader(response.Header, now)
	return l
}

// readHeader reads Docker Hub's "ratelimit-remaining: 0;w=21600", the
// RateLimit-Reset of other registries, Retry-After, and the wait that GHCR writes
// into its message.
func (l *limits) readHeader(header http.Header, now time.Time) {
	l.left, l.remaining = -1, header.Get("Ratelimit-Remaining")
	left, parameters, _ := strings.Cut(l.remaining, ";")
	if n, err := strconv.Atoi(strings.TrimSpace(left)); err == nil && n >= 0 {
		l.left = n
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		if w, ok := strings.CutPrefix(strings.TrimSpace(parameter), "w="); ok {
			l.window = believable(seconds(w, now))
		}
	}
	wait := seconds(header.Get("Retry-After"), now)
	if found := waitInMessage.FindStringSubmatch(l.words); wait == 0 && found != nil {
		wait, _ = time.ParseDuration(found[1])
	}
	if wait == 0 && l.left == 0 {
		wait = seconds(header.Get("Ratelimit-Reset"), now)
		l.window = max(l.window, believable(wait))
	}
	l.wait = believable(wait)
}

// isShort reports whether the registry asks for a wait, but for one that is too
// short for a quota.
func (l *limits) isShort() bool { return l.refused && l.wait > 0 && l.wait <= maxWait }

// isSpent reports whether the answer says that the quota of its user is spent.
func (l *limits) isSpent() bool { return l.left == 0 || isDockerHubSpent(l.words) }

// error returns the error of requests that spend the same quota, or nil if they
// may be sent.
func (l *limits) error(name string, now time.Time, redact func(string) string) *spentError {
	e := &spentError{name: name, why: "429 Too Many Requests"}
	switch {
	case l.refused && l.wait > maxWait:
		e.until = now.Add(l.wait)
	case l.refused && l.isSpent(), l.left == 0 && l.window > maxWait:
		window := l.window
		if window == 0 {
			window = dockerHubWindow
		}
		e.until, e.latest = now.Add(window), true
	default:
		return nil
	}
	if !l.refused {
		e.why = "ratelimit-remaining: " + OneLine(l.remaining)
	}
	if l.words != "" {
		e.why += ": " + redact(l.words)
	}
	return e
}

// IsUnexplained reports whether an answer is a 429 that leaves open what it
// means: the answer to a HEAD has no words.
func IsUnexplained(response *http.Response) bool {
	return response.StatusCode == http.StatusTooManyRequests && response.Request != nil && response.Request.Method == http.MethodHead &&
		strings.Contains(response.Request.URL.Path, "/manifests/") &&
		response.Header.Get("Retry-After") == "" && response.Header.Get("Ratelimit-Remaining") == ""
}

// whyTooMany returns a 429's own words, and leaves its body as it was.
func whyTooMany(response *http.Response) string {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal)) // a part of the words is better than none
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	refused := *response
	refused.Body = io.NopCloser(bytes.NewReader(body))
	if status, ok := errors.AsType[*transport.Error](transport.CheckError(&refused)); ok && len(status.Errors) > 0 {
		return RegistryWords(status)
	}
	return OneLine(string(body))
}

// maxBelievable is the longest wait that is believed. Longer waits are nonsense.
const maxBelievable = 24 * time.Hour

// believable returns a wait, or 0 if it makes no sense.
func believable(wait time.Duration) time.Duration {
	if wait < 0 || wait > maxBelievable {
		return 0
	}
	return wait
}

var waitInMessage = regexp.MustCompile(`(?i)retry-after:\s*((?:[0-9.]+(?:ns|us|µs|ms|s|m|h))+)`)

// seconds reads a wait: a number of seconds, or a moment in HTTP's format or in
// seconds since 1970. It returns 0 for anything else.
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
