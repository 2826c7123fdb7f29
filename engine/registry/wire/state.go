package wire

import "fmt"

// UnderWay returns how many requests to the registry are under way. It is 0 for a
// registry without MaxRequests, whose requests are not counted.
func (w *Way) UnderWay() int { return len(w.registry.slots) }

// State says why the registry answers fewer requests than it gets, or is "".
func (w *Way) State() string {
	if spent := w.quota.next(); spent != nil {
		return "its quota is spent until " + clock(spent.until)
	}
	if perSecond, slowed := w.registry.pace.slowedTo(); slowed {
		return fmt.Sprintf("slowed down to %.3g requests/s, as it asked", perSecond)
	}
	return ""
}

// IsDown reports whether the registry, or a part of it, is down.
func (w *Way) IsDown() bool { return w.registry.network.circuits.isDown(w.registry.Host) }

// Trouble says what requests to the registry are sent again for, "" if no request
// is.
func (w *Way) Trouble() string { return w.registry.trouble.reason() }
