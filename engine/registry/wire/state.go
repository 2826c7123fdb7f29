package wire

import (
	"fmt"
	"net/url"
)

// UnderWay returns how many requests to the registry are under way. It is 0 for a
// registry without MaxRequests, whose requests are not counted.
func (c *Chain) UnderWay() int { return len(c.registry.slots) }

// State says what slows down the requests to the registry: a spent quota, or a
// limited pace. It returns "" if nothing does.
func (c *Chain) State() string {
	if spent := c.quota.next(); spent != nil {
		return "its quota is spent until " + clock(spent.until)
	}
	if perSecond, slowed := c.registry.pace.slowedTo(); slowed {
		return fmt.Sprintf("slowed down to %.3g requests/s, as it asked", perSecond)
	}
	return ""
}

// IsDown reports whether the registry, or a part of it, is down.
func (c *Chain) IsDown() bool { return c.registry.network.circuits.isDown(c.registry.Host) }

// RetryReason says why requests to the registry are being sent again. It returns ""
// if no request is.
func (c *Chain) RetryReason() string { return c.registry.trouble.reason() }

// FailsAlone reports whether the latest request for what a URL names ended with 5xx,
// although the registry answered other requests well.
func (c *Chain) FailsAlone(u *url.URL) bool {
	return c.registry.network.circuits.objects(u).failsAlone(objectOf(u))
}
