package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"mvrun/engine/registry"
	"mvrun/engine/sink"
)

// describeDiagnosis writes a diagnosis for people: a line for each thing that was
// examined, and behind them what is wrong.
func describeDiagnosis(b *strings.Builder, f *registry.Diagnosis, now time.Time) {
	fmt.Fprintf(b, "%s: %s\n", sink.Clean(f.Target), map[registry.Health]string{
		registry.Healthy: "nothing is wrong", registry.Wrong: "something is wrong", registry.NoAnswer: "no answer",
	}[f.Status])
	for _, line := range []struct{ name, text string }{
		{"asked at", endpointText(f)},
		{"answers", answerText(f)},
		{"certificate", certificateText(f.TLS, now)},
		{"credentials", credentialsText(f)},
		{"login", authText(f.Auth)},
		{"pull", pullText(f)},
		{"HEAD", capabilityText(f.Head)},
		{"referrers", capabilityText(f.Referrers)},
		{"ranges", capabilityText(f.Range)},
		{"rate limit", limitText(f)},
	} {
		if line.text != "" {
			fmt.Fprintf(b, "  %-12s %s\n", line.name, line.text)
		}
	}
	for _, problem := range f.Problems {
		fmt.Fprintf(b, "  %-12s %s: %s\n", "WRONG", problem.Check, problem.Message)
		if problem.Advice != "" {
			fmt.Fprintf(b, "  %-12s %s\n", "what to do", problem.Advice)
		}
	}
}

func endpointText(f *registry.Diagnosis) string {
	if f.Endpoint == f.Registry {
		return ""
	}
	return f.Endpoint
}

func answerText(f *registry.Diagnosis) string {
	switch {
	case !f.Answers:
		return "no"
	case f.Scheme == "http":
		return "yes, over plain HTTP, without TLS"
	}
	return "yes, over " + strings.ToUpper(f.Scheme) + ", " + f.HTTP
}

func certificateText(c *registry.Certificate, now time.Time) string {
	if c == nil {
		return ""
	}
	text := fmt.Sprintf("of %s, made by %s, %s", cmp.Or(c.Subject, "nobody"), cmp.Or(c.Issuer, "nobody"), expiryText(c.NotAfter, now))
	if c.Version != "" {
		text = c.Version + ", " + text
	}
	if c.Trusted {
		return text + "; trusted"
	}
	if len(c.Names) > 0 {
		text += "; for " + strings.Join(c.Names, ", ")
	}
	return text + "; NOT trusted: " + c.Why
}

// expiryText says until when a certificate is valid.
func expiryText(end, now time.Time) string {
	day := end.Format(time.DateOnly)
	switch left := end.Sub(now); {
	case left < 0:
		return fmt.Sprintf("ended %s (%s ago)", day, counted(int(-left/(24*time.Hour)), "day"))
	default:
		return fmt.Sprintf("until %s (in %s)", day, counted(int(left/(24*time.Hour)), "day"))
	}
}

func credentialsText(f *registry.Diagnosis) string {
	c := f.Credentials
	switch {
	case c == nil:
		return "not known"
	case c.From == "":
		return "none for " + c.For
	}
	text := c.Kind
	if c.Username != "" {
		text += " of user " + c.Username
	}
	if c.For != f.Registry {
		text += " for " + c.For
	}
	text += ", from " + c.From
	if c.Where != "" {
		text += " (" + c.Where + ")"
	}
	switch {
	case c.Accepted == nil && f.Answers:
		return text + "; not tried, since the registry does not ask for them"
	case c.Accepted == nil:
		return text + "; not tried"
	case *c.Accepted:
		return text + "; accepted"
	}
	return text + "; REFUSED"
}

func authText(a *registry.Auth) string {
	switch {
	case a == nil:
		return ""
	case a.Scheme == "none":
		return "the registry demands none"
	case a.Scheme == "basic":
		return "name and password (Basic)"
	case a.Scheme != "bearer":
		return a.Scheme
	case a.Refused != "":
		return fmt.Sprintf("a token (Bearer) of %q, which is NOT asked: %s", a.TokenServer, a.Refused)
	}
	return "a token (Bearer) of " + a.TokenServer
}

func pullText(f *registry.Diagnosis) string {
	switch {
	case f.Pull == nil && f.Auth == nil:
		return ""
	case f.Pull == nil:
		return fmt.Sprintf("not tried: name a repository, as in %s/REPOSITORY:TAG", f.Registry)
	case !f.Pull.Granted:
		return fmt.Sprintf("%s could NOT be read", f.Tag)
	}
	return fmt.Sprintf("granted: %s is %s, %s", f.Tag, f.Pull.Digest, f.Pull.MediaType)
}

func capabilityText(c *registry.Capability) string {
	switch {
	case c == nil:
		return ""
	case c.Supported == nil:
		return "not known: " + c.Detail
	case *c.Supported && c.Detail != "":
		return "yes; " + c.Detail
	case *c.Supported:
		return "yes"
	}
	return "no: " + c.Detail
}

func limitText(f *registry.Diagnosis) string {
	switch l := f.RateLimit; {
	case l == nil && !f.Answers:
		return ""
	case l == nil:
		return "the registry names none"
	default:
		text := fmt.Sprintf("%d requests left", l.Left)
		if l.Limit != nil {
			text = fmt.Sprintf("%d of %d requests left", l.Left, *l.Limit)
		}
		if l.Window > 0 {
			text += fmt.Sprintf(", counted over %v", time.Duration(l.Window*float64(time.Second)))
		}
		return text
	}
}
