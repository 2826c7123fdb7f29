package registry

import (
	"errors"
	"maps"
	"slices"

	"mvrun/engine/registry/wire"
)

// Redact hides the secrets of all users in words of which a registry has written a part, such
// as a media type in the message of a verdict. It also hides the logins that the user and
// the script have given for registries that were not asked yet.
func (c *Client) Redact(words string) string {
	if words == "" {
		return ""
	}
	c.mu.Lock()
	hosts, registries := slices.Collect(maps.Values(c.hosts)), slices.Collect(maps.Values(c.registries))
	c.mu.Unlock()
	for _, registry := range registries {
		words = registry.Settings.Redact(words)
	}
	for _, login := range c.options.Logins {
		words = login.Redact(words)
	}
	for _, h := range hosts {
		words = h.account.Redact(words)
	}
	return words
}

// redacted returns a log that gets every exchange without secrets, and with a URL of
// bounded length: a registry may redirect to any URL.
func (c *Client) redacted(log func(Exchange)) func(Exchange) {
	if log == nil {
		return nil
	}
	return func(e Exchange) {
		e.URL = wire.OneLine(c.Redact(e.URL))
		if e.Err != nil {
			e.Err = errors.New(wire.OneLine(c.Redact(e.Err.Error())))
		}
		log(e)
	}
}

// redactedWarnings returns a function that gets every message without secrets. A message may
// quote an answer that is broken, or name the host of a redirect.
func (c *Client) redactedWarnings(warn func(string)) func(string) {
	if warn == nil {
		return nil
	}
	return func(message string) { warn(c.Redact(message)) }
}
