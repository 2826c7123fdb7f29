package registry

// Waiting returns the registry that the run waits for, as lists write it. That is
// a registry that is down, spent or slowed, which state then says; else the one
// with the most requests under way; else one that is about to be asked again.
// requests is how many are under way.
func (c *Client) Waiting() (registry string, requests int, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, host := range c.hosts {
		n, s := host.way.UnderWay(), host.way.State()
		if s == "" && host.way.IsDown() {
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
	for key, host := range c.hosts { // no request is under way: one may wait for its next attempt
		if trouble := host.way.Trouble(); trouble != "" && (registry == "" || key.name < registry) {
			registry, state = key.name, "tried again after: "+trouble
		}
	}
	return registry, 0, state
}
