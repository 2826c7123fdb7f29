package registry

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// Waiting returns the registry that the run waits for, as lists write it: one
// that is down, spent or slowed, and what it is; else, without a state, that
// with the most requests under way; else one that is about to be asked again.
// requests is how many are under way.
func (c *Client) Waiting() (registry string, requests int, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, host := range c.hosts {
		n, s := len(host.settings.room), host.state()
		if s == "" && c.isDown(host) {
			s = "down"
		}
		better := n > requests || n == requests && n > 0 && key.name < registry
		if (s != "") != (state != "") {
			better = s != ""
		}
		if better {
			registry, requests, state = key.name, n, s
		}
	}
	if registry != "" {
		return registry, requests, state
	}
	for key, host := range c.hosts { // nothing is under way: between two attempts, perhaps
		if trouble := host.settings.troubled.words(); trouble != "" && (registry == "" || key.name < registry) {
			registry, state = key.name, "tried again after: "+trouble
		}
	}
	return registry, 0, state
}

// isDown says whether a registry is waited for to come back. c.mu is held.
func (c *Client) isDown(h *host) bool {
	for key, circuit := range c.circuits {
		if h.is(key.host) && circuit.isOpen() {
			return true
		}
	}
	return false
}

// state says why the registry answers less than it is asked, or is "".
func (h *host) state() string {
	if parked := h.quota.spent(); parked != nil {
		return "its quota is spent until " + clock(parked.until)
	}
	p := h.settings.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slowed != (time.Time{}) {
		return fmt.Sprintf("slowed down to %.3g requests/s, as it asked", float64(p.limiter.Limit()))
	}
	return ""
}

// troubled is what requests to a registry are tried again for.
type troubled struct {
	requests atomic.Int64
	latest   atomic.Pointer[string]
}

func (t *troubled) begin(trouble string) {
	t.latest.Store(&trouble)
	t.requests.Add(1)
}

func (t *troubled) end() { t.requests.Add(-1) }

// words are the latest trouble, or "" if there is none any more.
func (t *troubled) words() string {
	if t.requests.Load() == 0 {
		return ""
	}
	return *t.latest.Load()
}

// troubleOf says what of an attempt may come right, or is "".
func troubleOf(request *http.Request, response *http.Response, err error) string {
	switch {
	case request.Context().Err() != nil:
		return ""
	case err != nil:
		return readable(err.Error())
	case brokenServer(response.StatusCode), response.StatusCode == http.StatusTooManyRequests,
		response.StatusCode == http.StatusRequestTimeout, response.StatusCode == http.StatusTooEarly:
		return fmt.Sprintf("%d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	return ""
}
