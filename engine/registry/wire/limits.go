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

// limits is what one answer says about the limits of a registry.
type limits struct {
	refused   bool          // whether the answer is 429 Too Many Requests
	words     string        // the message of a 429, or ""
	remaining string        // the header Ratelimit-Remaining
	left      int           // how many requests are left; -1 if the answer does not say
	window    time.Duration // the time for which the limit counts requests; 0 if the answer does not say
	wait      time.Duration // how long to wait before the next request; 0 if the answer does not say
}

// readLimits reads the limits from an answer. It reads the body of a 429, and puts
// the same body back.
func readLimits(response *http.Response, now time.Time) limits {
	l := limits{refused: response.StatusCode == http.StatusTooManyRequests}
	if l.refused {
		l.words = refusalWords(response)
	}
	l.readHeader(response.Header, now)
	return l
}

// readHeader reads the headers that name a limit: Docker Hub's
// "ratelimit-remaining: 0;w=21600", the RateLimit-Reset of other registries, and
// Retry-After. It also reads the wait that GHCR writes in its message.
func (l *limits) readHeader(header http.Header, now time.Time) {
	l.left, l.remaining = -1, header.Get("Ratelimit-Remaining")
	left, parameters, _ := strings.Cut(l.remaining, ";")
	if n, err := strconv.Atoi(strings.TrimSpace(left)); err == nil && n >= 0 {
		l.left = n
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		if w, ok := strings.CutPrefix(strings.TrimSpace(parameter), "w="); ok {
			l.window = believable(parseWait(w, now))
		}
	}
	wait := parseWait(header.Get("Retry-After"), now)
	if found := waitInMessage.FindStringSubmatch(l.words); wait == 0 && found != nil {
		wait, _ = time.ParseDuration(found[1])
	}
	if wait == 0 && l.left == 0 {
		wait = parseWait(header.Get("Ratelimit-Reset"), now)
		l.window = max(l.window, believable(wait))
	}
	l.wait = believable(wait)
}

// isShort reports whether the registry asks for a short wait. A spent quota would
// need a long one.
func (l *limits) isShort() bool { return l.refused && l.wait > 0 && l.wait <= maxWait }

// isSpent reports whether the answer says that the user's quota is spent.
func (l *limits) isSpent() bool { return l.left == 0 || isDockerHubSpent(l.words) }

// error returns the error for later requests of the same user, if the quota is
// spent. It returns nil if later requests may be sent.
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

// IsUnexplained reports whether an answer is a 429 that does not say why. The answer
// to a HEAD request has no body, and so no message. The answer to a GET request may
// have one.
func IsUnexplained(response *http.Response) bool {
	return response.StatusCode == http.StatusTooManyRequests && response.Request != nil && response.Request.Method == http.MethodHead &&
		strings.Contains(response.Request.URL.Path, "/manifests/") &&
		response.Header.Get("Retry-After") == "" && response.Header.Get("Ratelimit-Remaining") == ""
}

// refusalWords returns the message in the body of a 429. It puts the same body back.
func refusalWords(response *http.Response) string {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal)) // after an error, a part of the message is better than nothing
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	refused := *response
	refused.Body = io.NopCloser(bytes.NewReader(body))
	if status, ok := errors.AsType[*transport.Error](transport.CheckError(&refused)); ok && len(status.Errors) > 0 {
		return RegistryWords(status)
	}
	return OneLine(string(body))
}

// maxBelievable is the longest wait that counts. A registry that asks for a longer
// one is wrong.
const maxBelievable = 24 * time.Hour

// believable returns a wait, or 0 if the wait is negative or too long.
func believable(wait time.Duration) time.Duration {
	if wait < 0 || wait > maxBelievable {
		return 0
	}
	return wait
}

var waitInMessage = regexp.MustCompile(`(?i)retry-after:\s*((?:[0-9.]+(?:ns|us|µs|ms|s|m|h))+)`)

// parseWait reads a wait from a header. The header has a number of seconds, or the
// time when the wait ends, in HTTP's format or in seconds since 1970. parseWait
// returns 0 for anything else.
func parseWait(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if t, err := http.ParseTime(value); err == nil {
		return t.Sub(now)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil || n < 0 || n > 1<<33:
		return 0
	case n > 1<<30: // so many seconds are 34 years: n must be a time, not a wait
		return time.Unix(n, 0).Sub(now)
	}
	return time.Duration(n) * time.Second
}
