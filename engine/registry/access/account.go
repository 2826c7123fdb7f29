package access

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	lru "github.com/hashicorp/golang-lru/v2"

	"mvrun/engine/registry/wire"
)

// AccountOptions are the settings of an Account.
type AccountOptions struct {
	Address   string // the HOST[:PORT] that gets the requests
	Settings  Settings
	User      User
	Anonymous bool // use no credentials of the user's configuration
	Insecure  bool // accept plain HTTP
	// WarnPlain is called when a script has a login sent over plain HTTP. with is the host
	// that gets the login. It may be nil.
	WarnPlain func(with, from string)

	// Given are credentials that a file has for this address. They count after those of
	// a script and of User, and before the user's configuration.
	Given     authn.AuthConfig
	GivenFrom string   // where Given was found, for messages
	Secrets   []string // more secrets that Redact hides
}

// Account has the credentials, the session and the tokens of one user at one
// registry.
type Account struct {
	AccountOptions
	flights  *Flights
	registry name.Registry
	broken   error    // why the address is no registry; nil if it is one
	secrets  []secret // those of AccountOptions

	session cachedValue[*Session]
	ahead   atomic.Int64 // how many tokens are under way that no request needs yet

	mu     sync.Mutex
	tokens *lru.Cache[string, *cachedValue[string]] // Authorization headers, by repository
}

var _ wire.Authorizer = (*Account)(nil)

// NewAccount returns an Account. Requests for which several callers wait run among
// the flights.
func NewAccount(o AccountOptions, flights *Flights) *Account {
	tokens, err := lru.New[string, *cachedValue[string]](maxTokens)
	if err != nil {
		panic(err) // the size is constant
	}
	a := &Account{AccountOptions: o, flights: flights, tokens: tokens, secrets: secretsOf(o.Secrets...)}
	var options []name.Option
	// go-containerregistry tries plain HTTP, too, if the registry is insecure. Plain
	// HTTP alone needs no second attempt. go-containerregistry does not know all
	// addresses of this machine, such as [0:0:0:0:0:0:0:1].
	if (o.Insecure || isLoopback(o.Address)) && !o.Settings.PlainHTTP {
		options = append(options, name.Insecure)
	}
	if a.registry, a.broken = name.NewRegistry(o.Address, options...); a.broken != nil {
		a.broken = fmt.Errorf("registry %q: %w", o.Address, a.broken)
	}
	return a
}

// Host returns the host of a registry's URLs, such as index.docker.io for
// docker.io. It is "" if the address is not valid.
func Host(address string) string {
	registry, err := name.NewRegistry(address)
	if err != nil {
		return ""
	}
	return registry.RegistryStr()
}

// Session is what the first request to a registry found out, and the credentials
// that were found for it.
type Session struct {
	Scheme string // the scheme of URLs, http or https
	Host   string

	challenge *transport.Challenge
	config    authn.AuthConfig
	from      string // where the credentials were found; "" if there are none
	where     string // the file, program or service that gave them; "" if there is nothing to say
	// life is how long the credentials may be used; 0 if nobody knows.
	life    time.Duration
	login   *trial   // whether they are accepted
	secrets []secret // what messages must not show
	// authorization is the Authorization header of all requests. It is not used if a
	// token server gives a token for each repository.
	authorization string
}

// sessionLife is how long a session is used. A run may take days, and the registry
// may change during this time.
const sessionLife = 24 * time.Hour

// Open returns the session. All callers share one first request, which contact
// sends.
func (a *Account) Open(ctx context.Context, contact http.RoundTripper) (*Session, error) {
	if a.broken != nil {
		return nil, a.broken
	}
	if s, isCurrent := a.session.current(); isCurrent {
		return s, nil
	}
	return a.session.get(ctx, a.flights, func(ctx context.Context) (*Session, time.Duration, error) {
		s, err := a.ping(ctx, contact)
		return s, s.lasts(), err
	})
}

// lasts returns how long a session is used: not longer than its credentials. s is nil if
// there is no session.
func (s *Session) lasts() time.Duration {
	if s == nil || s.life == 0 {
		return sessionLife
	}
	return min(sessionLife, s.life)
}

func (a *Account) ping(ctx context.Context, contact http.RoundTripper) (*Session, error) {
	s := &Session{Scheme: "https", Host: a.registry.RegistryStr(), login: newTrial()}
	if err := a.findCredentials(ctx, s); err != nil {
		return nil, &CredentialError{err}
	}
	s.secrets = secretsOf(append([]string{s.config.Password, s.config.RegistryToken, s.config.IdentityToken, encodeBasic(s.config.Username, s.config.Password)}, a.Secrets...)...)
	if before := a.session.last(); before != nil && before.config == s.config {
		s.login = before.login // refused credentials are not tried again
	}
	var err error
	if s.challenge, err = transport.Ping(ctx, a.registry, &pingTransport{host: s.Host, next: contact}); err != nil {
		return nil, &PingError{err, s.Login()}
	}
	if s.challenge.Insecure {
		s.Scheme = "http"
		// go-containerregistry also tries plain HTTP at private addresses, and
		// follows redirects to plain HTTP. Then the user must have allowed it,
		// because others could read passwords in the network.
		if !a.MayUseHTTP() {
			return nil, &PingError{http.ErrSchemeMismatch, s.Login()}
		}
	}
	s.authorization = s.fixedAuthorization()
	if s.Scheme == "http" && a.Settings.allowsHTTP() {
		a.warnPlain(s, a.Address, "")
	}
	return s, nil
}

// warnPlain warns that a host gets the login over plain HTTP. role says which host it is.
func (a *Account) warnPlain(s *Session, host, role string) {
	if s.from != "" && !isLoopback(host) && a.WarnPlain != nil {
		a.WarnPlain(host+role, s.from)
	}
}

// MayUseHTTP reports whether requests to the registry may go over plain HTTP.
func (a *Account) MayUseHTTP() bool {
	return a.Settings.PlainHTTP || a.Insecure || isLoopback(a.Address)
}

// isLoopback reports whether an address is on this machine.
func isLoopback(address string) bool {
	host := strings.ToLower((&url.URL{Host: address}).Hostname())
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// sendsLogin reports whether a request for a token carries the credentials. A
// challenge of another host, to which the registry redirects GET /v2/, gets none:
// the registry would choose whose token server reads the password.
func (s *Session) sendsLogin() bool {
	return s.config != (authn.AuthConfig{}) && !isForeign(s.challenge)
}

// hasTokenServer reports whether each repository needs a token from a token server.
func (s *Session) hasTokenServer() bool { return s.wantsToken() && s.config.RegistryToken == "" }

// wantsToken reports whether the registry asks for a bearer token.
func (s *Session) wantsToken() bool { return strings.EqualFold(s.challenge.Scheme, "bearer") }

// fixedAuthorization returns the Authorization header that is the same for all
// repositories, or "".
func (s *Session) fixedAuthorization() string {
	switch {
	case s.wantsToken() && s.config.RegistryToken != "":
		return bearer + s.config.RegistryToken
	case s.wantsToken(), s.config.Username == "" && s.config.Password == "":
		return ""
	}
	return basic + encodeBasic(s.config.Username, s.config.Password)
}

// An Authorization header begins with one of these words.
const (
	basic  = "Basic "
	bearer = "Bearer "
)

// encodeBasic returns a name and a password as they are sent, or "" if there are none.
func encodeBasic(username, password string) string {
	if username == "" && password == "" {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
}

// Redact hides the account's secrets in words of which a registry has written a part. The
// registry may repeat what was sent.
func (a *Account) Redact(words string) string {
	secrets := a.secrets
	if s := a.session.last(); s != nil {
		secrets = s.secrets
	}
	if tokens := a.tokensIn(words); len(tokens) > 0 {
		for _, s := range secrets {
			tokens = append(tokens, s.text)
		}
		secrets = secretsOf(tokens...)
	}
	return hide(words, secrets)
}

// tokensIn returns the tokens of which words may have a part. There may be thousands of
// tokens, and most words cannot have any.
func (a *Account) tokensIn(words string) []string {
	if !hasLongWord(words) {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []string
	for _, token := range a.tokens.Values() {
		if sent := strings.TrimPrefix(token.last(), bearer); hasBeginning(words, sent) {
			found = append(found, sent)
		}
	}
	return found
}
