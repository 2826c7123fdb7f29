package registry

import (
	"fmt"
	"time"
)

// Waiting returns the registry that the run waits for, as lists write it: one
// that is down, spent or slowed, and what it is; else, without a state, that
// with the most requests under way. requests is how many these are.
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
	return registry, requests, state
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
		return fmt.Sprintf("it wants no more than %.3g requests a second", float64(p.limiter.Limit()))
	}
	return ""
}
