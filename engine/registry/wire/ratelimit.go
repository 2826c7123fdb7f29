package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateLimit is what a registry tells in the header of an answer about its limit.
type RateLimit struct {
	Limit  int           // -1 if the answer does not say
	Left   int           // how many requests are left
	Window time.Duration // the time for which the limit counts requests; 0 if the answer does not say
}

// RateLimitOf reads the rate limit from the header of an answer. ok is false if the
// header has none.
func RateLimitOf(header http.Header) (limit RateLimit, ok bool) {
	var found limits
	found.readHeader(header, time.Now())
	if found.left < 0 {
		return RateLimit{}, false
	}
	limit = RateLimit{Limit: -1, Left: found.left, Window: found.window}
	value, _, _ := strings.Cut(header.Get("Ratelimit-Limit"), ";")
	if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && n >= 0 {
		limit.Limit = n
	}
	return limit, true
}
