package access

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// RealmError says that a token server is not asked, because the registry that names
// it might want to send us, or a password, to a host that is not its own.
type RealmError struct {
	Realm string // as the registry names it, made fit for a message
	Why   string
	// Nameable says that the user may allow this token server by naming it.
	Nameable bool
}

func (e *RealmError) Error() string {
	return fmt.Sprintf("the token server %q is not asked: %s", e.Realm, e.Why)
}

// Reason returns the reason of an image's result.
func (e *RealmError) Reason() validate.Reason { return validate.Unauthorized }

// realmRules say which token servers a registry may name.
type realmRules struct {
	host  string // of the registry, without its port: the one that is really asked
	plain bool   // the registry is spoken to over plain HTTP
	named string // the only token server that the user allows, as SCHEME://HOST[:PORT]; "" if the user named none
	// isInternal reports whether the registry itself is on this machine or in a
	// private network. It may have to ask a name server.
	isInternal func() bool
}

// rules returns the rules for the realm of a session.
func (a *Account) rules(ctx context.Context, s *Session) realmRules {
	host := (&url.URL{Host: s.Host}).Hostname()
	return realmRules{
		host: host, plain: s.Scheme == "http", named: a.Settings.tokenServer(),
		isInternal: func() bool { return wire.IsInternal(ctx, host) },
	}
}

// check returns the URL of a token server, or a *RealmError.
func (r realmRules) check(realm string) (*url.URL, error) {
	refuse := func(nameable bool, format string, args ...any) (*url.URL, error) {
		return nil, &RealmError{Realm: shownRealm(realm), Why: fmt.Sprintf(format, args...), Nameable: nameable}
	}
	u, err := url.Parse(realm)
	switch {
	case realm == "":
		return refuse(false, "the registry wants a token and does not say where to get one")
	case err != nil || u.Host == "" || u.User != nil:
		return refuse(false, "that is no URL of a server")
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse(false, "its scheme is neither https nor http")
	}
	reach := wire.ReachOf(u.Hostname())
	switch {
	case reach == wire.LinkLocal:
		return refuse(false, "its address is link-local, where clouds keep the credentials of their machines")
	case r.named != "" && origin(u) != r.named:
		return refuse(false, "the script names %s as the only token server of this registry", r.named)
	case r.named != "":
		return u, nil
	case u.Scheme == "http" && !r.plain:
		return refuse(true, "it speaks plain HTTP, and the registry does not")
	case strings.EqualFold(u.Hostname(), r.host), reach == wire.Public, r.isInternal():
		return u, nil
	}
	return refuse(true, "its address is private, and the registry's own is not")
}

// shownRealm returns a realm for a message. A password in it, and the query, may be
// secrets of the registry.
func shownRealm(realm string) string {
	realm, _, _ = strings.Cut(realm, "?")
	if scheme, rest, found := strings.Cut(realm, "//"); found {
		realm = scheme + "//" + rest[strings.LastIndexByte(rest, '@')+1:]
	}
	return wire.OneLine(realm)
}

// origin returns the scheme, host and port of a URL in one form: in lower case, and
// without the port that the scheme has anyway.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := map[string]string{"https": "443", "http": "80"}[u.Scheme]; u.Port() == port {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host
}

// tokenServer returns the token server that the user named as SCHEME://HOST[:PORT],
// or "".
func (s Settings) tokenServer() string {
	u, err := parseTokenServer(s.TokenServer)
	if err != nil || s.TokenServer == "" {
		return ""
	}
	return origin(u)
}

// parseTokenServer reads the name of a token server: HOST[:PORT], which is asked over
// HTTPS, or a URL.
func parseTokenServer(server string) (*url.URL, error) {
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("token_server: want HOST or HOST:PORT, or the same behind https:// or http://")
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && wire.ReachOf(u.Hostname()) == wire.LinkLocal {
		return nil, fmt.Errorf("token_server: %s is a link-local address, which mvrun does not ask", u.Hostname())
	}
	return u, nil
}
