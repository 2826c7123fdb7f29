package registry

// Waiting returns the registry that most requests wait for, as lists write it,
// and how many these are; "" and 0 if none does.
func (c *Client) Waiting() (registry string, requests int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, host := range c.hosts {
		if n := len(host.settings.room); n > requests || n == requests && n > 0 && key.name < registry {
			registry, requests = key.name, n
		}
	}
	return registry, requests
}
