package registry

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/access"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// examination is one examination of a registry.
type examination struct {
	host   *host
	seen   *observer
	target Target
	side   validate.Side
	found  *Diagnosis
}

func (x *examination) examine(ctx context.Context) {
	session, err := x.host.open(ctx)
	if x.host.registry.broken != nil {
		x.add("certificates", x.clean(err.Error()), "Mend or remove the file: without it, no request is sent.")
		return
	}
	x.describeAnswers(session)
	if err != nil {
		x.explainSilence(ctx, err)
		return
	}
	x.describeLogin(session.Login())
	x.describeAuth(ctx, session)
	x.checkPing()
	if x.target.Repository != "" {
		x.pull(ctx)
	} else {
		x.logIn(ctx, session)
	}
	x.describeLimit()
	if x.hasLogin() && x.host.account.IsAccepted() {
		x.found.Credentials.Accepted = new(true)
	}
}

// add adds a problem.
func (x *examination) add(check, message, advice string) {
	if x.found.Status == Healthy {
		x.found.Status = Wrong
	}
	x.found.Problems = append(x.found.Problems, Problem{Check: check, Message: message, Advice: advice})
}

// addError adds the problem that an error tells of.
func (x *examination) addError(ctx context.Context, check string, err error) *Error {
	ctx, call := wire.NewCall(ctx)
	name := x.target.Registry
	if x.target.Repository != "" {
		name += "/" + x.target.Repository
	}
	e := x.host.explain(ctx, call, err, x.side, name)
	message, advice := x.host.advise(e)
	if check == "pull" && (errors.As(err, new(*access.TokenError)) || errors.As(err, new(*access.RealmError)) || errors.As(err, new(*access.LockedError))) {
		check = "auth"
	}
	if errors.As(err, new(*access.LockedError)) || isUnauthorized(err) {
		x.refuse()
	}
	x.add(check, x.clean(message), x.clean(advice))
	return e
}

// refuse notes that the credentials were refused.
func (x *examination) refuse() {
	if x.hasLogin() {
		x.found.Credentials.Accepted = new(x.host.account.IsAccepted())
	}
}

// hasLogin reports whether credentials were found.
func (x *examination) hasLogin() bool {
	return x.found.Credentials != nil && x.found.Credentials.From != ""
}

func isUnauthorized(err error) bool {
	status, ok := errors.AsType[*transport.Error](err)
	return ok && status.StatusCode == http.StatusUnauthorized
}

// clean makes words fit for a user's screen that came from outside.
func (x *examination) clean(words string) string {
	return wire.OneLine(x.host.account.Redact(words))
}

// describeAnswers notes what the answers of the registry show of the connection.
func (x *examination) describeAnswers(session *access.Session) {
	answers := x.seen.of(x.host.isOwn)
	if session != nil { // plain HTTP may have been tried beside HTTPS
		used := slices.DeleteFunc(slices.Clone(answers), func(o observed) bool { return o.scheme != session.Scheme })
		if len(used) > 0 { // otherwise the settings turn https into http
			answers = used
		}
	}
	if len(answers) == 0 {
		return
	}
	first := answers[0]
	x.found.Answers, x.found.Scheme, x.found.HTTP = true, first.scheme, x.clean(first.http)
	if first.tls != nil {
		x.found.TLS = x.host.describeTLS(first.tls)
	}
}

// explainSilence says why the registry could not be opened.
func (x *examination) explainSilence(ctx context.Context, err error) {
	if refused, ok := errors.AsType[*access.CredentialError](err); ok {
		x.add("credentials", x.clean(refused.Error()), "Mend the configuration, or the program that it names: until then no request is sent to this registry.")
		x.tryAnonymously(ctx)
		return
	}
	if ping, ok := errors.AsType[*access.PingError](err); ok {
		x.describeLogin(ping.Login)
	}
	if x.found.TLS == nil {
		x.found.TLS = x.host.describeUntrusted(err)
	}
	check := "connection"
	if x.found.TLS != nil && !x.found.TLS.Trusted {
		check = "tls"
	}
	if e := x.addError(ctx, check, err); !x.found.Answers && !isAnswer(e) {
		x.found.Status = NoAnswer
	}
}

// isAnswer reports whether an error shows that a registry is there, although no answer of
// HTTP came.
func isAnswer(e *Error) bool {
	return errors.As(e.cause(), new(*certificateError)) || errors.As(e.cause(), new(*clientCertificateError)) || errors.As(e.cause(), new(*plainHTTPError))
}

// tryAnonymously finds out whether the registry answers at all, if the credentials
// cannot be read.
func (x *examination) tryAnonymously(ctx context.Context) {
	account := access.NewAccount(access.AccountOptions{
		Address: x.host.registry.address, Anonymous: true, Insecure: x.host.account.Insecure,
		Settings: Settings{PlainHTTP: x.host.registry.PlainHTTP},
	}, x.host.client.flights)
	session, err := account.Open(ctx, x.host.registry.wire.NewChain(account).Contact)
	x.describeAnswers(session)
	if err != nil {
		x.addError(ctx, "connection", err)
	}
}

// describeLogin notes the credentials that were found.
func (x *examination) describeLogin(login access.Found) {
	of := imagelist.CanonicalRegistry(x.target.Registry)
	if namespace := x.host.account.User.Namespace; namespace != "" {
		of = namespace
	}
	x.found.Credentials = &Credentials{From: login.From, Where: x.clean(login.Where), For: of, Username: x.clean(login.Username), Kind: cmp.Or(login.Kind, "none")}
}

// describeAuth notes what the registry demands.
func (x *examination) describeAuth(ctx context.Context, session *access.Session) {
	challenge := x.host.account.Challenge(ctx, session)
	auth := &Auth{Scheme: x.clean(challenge.Scheme), TokenServer: x.clean(challenge.Server), Service: x.clean(challenge.Service)}
	x.found.Auth = auth
	switch auth.Scheme {
	case "":
		auth.Scheme = "none"
	case "basic", "bearer":
	default:
		x.add("auth", "the registry demands a login by "+auth.Scheme+", and no registry client knows that",
			"A proxy may stand before the registry, and demand this login: ask whoever runs it.")
	}
	if realm, ok := errors.AsType[*access.RealmError](challenge.Refused); ok {
		auth.Refused = x.clean(realm.Why)
	}
}

// checkPing finds answers to the first request that no registry gives.
func (x *examination) checkPing() {
	for _, answer := range x.seen.of(x.host.isOwn) {
		if !answer.isPing() || answer.scheme != x.found.Scheme {
			continue
		}
		switch {
		case answer.status == http.StatusOK && answer.isPage():
			x.add("connection", "GET /v2/ gave a web page: "+x.found.Endpoint+" may be no registry",
				"Check the name and the port. A proxy or a login page may also stand before the registry.")
		case answer.status == http.StatusUnauthorized && x.found.Auth.Scheme == "none":
			x.add("auth", "GET /v2/ gave 401 Unauthorized, and does not say which login it demands",
				"A proxy may stand before the registry: a registry sends WWW-Authenticate.")
		}
		return
	}
}

// logIn finds out whether the credentials are accepted, without a repository.
func (x *examination) logIn(ctx context.Context, session *access.Session) {
	if x.found.Auth.Scheme != "bearer" && (x.found.Auth.Scheme != "basic" || !x.hasLogin()) {
		return
	}
	request, err := newRequest(ctx, http.MethodGet, session.Scheme, session.Host, "")
	if err == nil {
		var response *http.Response
		if response, err = x.host.chain.Requests.RoundTrip(request); err == nil {
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				err = &access.PingError{Err: wire.Refusal(response), Login: session.Login()}
			}
		}
	}
	status, refused := errors.AsType[*transport.Error](err)
	switch {
	case err == nil:
	case !x.hasLogin() && refused && status.StatusCode < http.StatusInternalServerError: // nobody has logged in
	default:
		x.addError(ctx, "auth", err)
	}
}

// describeLimit notes the latest rate limit that the registry has named.
func (x *examination) describeLimit() {
	for _, answer := range x.seen.of(x.host.isOwn) {
		if answer.limit == nil {
			continue
		}
		x.found.RateLimit = &RateLimit{Left: answer.limit.Left, Window: answer.limit.Window.Seconds()}
		if answer.limit.Limit >= 0 {
			x.found.RateLimit.Limit = new(answer.limit.Limit)
		}
	}
}
