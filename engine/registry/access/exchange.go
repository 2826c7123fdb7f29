package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mvrun/engine/registry/wire"
)

const (
	// clientID names this program to token servers.
	// https://distribution.github.io/distribution/spec/auth/oauth/
	clientID = "mvrun"
	// maxTokenAnswer is how many bytes of a token server's answer are read.
	maxTokenAnswer = 64 << 10
	// maxTokenRedirects is how many redirects of a token server are followed.
	maxTokenRedirects = 5
)

// tokenRequest is a request for a token: whose, from which server, and for what.
type tokenRequest struct {
	session    *Session
	rules      realmRules
	realm      *url.URL
	repository string // "" asks only whether the credentials are right
	transport  http.RoundTripper
}

// errNoToken says that the answer of a token server cannot be used. The answer is not
// shown, because even a broken one may hold a secret.
var errNoToken = errors.New("the answer of the token server holds no token")

// send sends the request, and returns the token and how long it is valid.
//
// An identity token goes into the body of a POST request. Not every token server has
// POST; then a GET request follows.
// https://distribution.github.io/distribution/spec/auth/token/
func (r *tokenRequest) send(ctx context.Context) (token string, life time.Duration, status int, err error) {
	if r.session.sendsLogin() && r.session.config.IdentityToken != "" {
		token, life, status, err = r.post(ctx)
		if status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			return token, life, status, err
		}
	}
	return r.get(ctx)
}

func (r *tokenRequest) get(ctx context.Context) (string, time.Duration, int, error) {
	u := *r.realm
	query := u.Query()
	if service := r.service(); service != "" {
		query.Set("service", service)
	}
	if r.repository != "" {
		query.Set("scope", r.scope())
	}
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", 0, 0, err
	}
	if c := r.session.config; r.session.sendsLogin() && (c.Username != "" || c.Password != "") {
		request.SetBasicAuth(c.Username, c.Password)
	}
	return r.do(request)
}

func (r *tokenRequest) post(ctx context.Context) (string, time.Duration, int, error) {
	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {r.session.config.IdentityToken},
		"client_id": {clientID}, "service": {r.service()},
	}
	if r.repository != "" {
		form.Set("scope", r.scope())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.realm.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.do(request)
}

// service returns the name that the registry has at its token server.
func (r *tokenRequest) service() string { return r.session.challenge.Parameters["service"] }

func (r *tokenRequest) scope() string { return "repository:" + r.repository + ":pull" }

// do sends a request and reads the token of the answer.
func (r *tokenRequest) do(request *http.Request) (token string, life time.Duration, status int, err error) {
	client := http.Client{Transport: r.transport, CheckRedirect: r.checkRedirect}
	response, err := client.Do(request)
	if err != nil {
		return "", 0, 0, err
	}
	defer response.Body.Close()
	status = response.StatusCode
	if status != http.StatusOK {
		return "", 0, status, wire.Refusal(response)
	}
	body, err := wire.ReadBody(response, maxTokenAnswer)
	if err != nil {
		return "", 0, status, &wire.CutError{Err: err}
	}
	token, life, err = readToken(body)
	return token, life, status, err
}

// checkRedirect says whether a redirect of the token server is followed. A request
// with a secret in its body is not sent elsewhere at all, and a login only to the
// server that the registry named.
func (r *tokenRequest) checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case first.Method != http.MethodGet:
		return fmt.Errorf("the token server redirects to %s, where an identity token is not sent", origin(next.URL))
	case len(via) >= maxTokenRedirects:
		return fmt.Errorf("the token server redirects more than %d times", maxTokenRedirects)
	case via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https":
		return fmt.Errorf("the token server redirects to %s, which does not speak HTTPS", origin(next.URL))
	}
	if _, err := r.rules.check(next.URL.String()); err != nil {
		return err
	}
	if origin(next.URL) != origin(first.URL) {
		next.Header.Del("Authorization")
	}
	next.Header.Del("Referer")
	return nil
}

// readToken reads the answer of a token server.
func readToken(body []byte) (token string, life time.Duration, err error) {
	var answer struct {
		Token       string          `json:"token"`
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", 0, errNoToken
	}
	token = answer.Token
	if token == "" {
		token = answer.AccessToken
	}
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", 0, errNoToken
	}
	return token, lifeOf(answer.ExpiresIn), nil
}

// lifeOf returns how long a token is valid. Some servers send a number with a
// fraction, or as a string; what makes no sense counts as if the field were missing.
func lifeOf(expiresIn json.RawMessage) time.Duration {
	var seconds float64
	if json.Unmarshal([]byte(strings.Trim(string(expiresIn), `"`)), &seconds) != nil || seconds < 1 {
		return defaultLife
	}
	return time.Duration(min(seconds, maxLife.Seconds()) * float64(time.Second))
}
