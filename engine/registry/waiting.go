package registry

// Waiting returns the name of the registry that the run waits for. First choice is
// a registry that is down, whose quota is spent, or that has a limited pace; state
// then says so. Second choice is the registry with the most requests under way.
// Last choice is a registry to which a request will be sent again; state then says
// why. requests is how many requests to the registry are under way.
func (c *Client) Waiting() (registry string, requests int, state string) {
	registry, requests, state = c.waiting()
	return registry, requests, c.Redact(state) // which may quote an answer
}

func (c *Client) waiting() (registry string, requests int, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, host := range c.hosts {
		n, s := host.chain.UnderWay(), host.chain.State()
		if s == "" && host.chain.IsDown() {
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
	for key, host := range c.hosts { // no request is under way, but one may wait until it is sent again
		if reason := host.chain.RetryReason(); reason != "" && (registry == "" || key.name < registry) {
			registry, state = key.name, "tried again after: "+reason
		}
	}
	return registry, 0, state
}
