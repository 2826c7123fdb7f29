package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patient is a registry for tests of "mvrun doctor": something is special with it.
type patient struct {
	next  http.Handler
	host  string
	facts map[string]string // what is special, such as "nohead", or "password" with its value
}

// grantedToken is the token that the token server of a patient gives.
const grantedToken = "planted-token-0123456789"

// servePatient is the command "patient NAME HOST CA [FACT[=VALUE]]...". The registry NAME
// also answers as HOST, with TLS, and the command writes the certificate of the authority
// to the file CA. The facts are:
//
//   - password=USER:PASSWORD wants this login; token=USER:PASSWORD wants a token, for
//     which the token server, on the same host, wants the login.
//   - realm=URL names a token server; echo repeats in its messages what it was sent.
//   - challenge=WORDS demands another kind of login.
//   - page is a web page; nohead, noreferrers and norange lack something.
//   - limit names a rate limit; store=URL redirects to a store.
//   - expired has an old certificate, and name=HOST one for another host.
func servePatient(ts *testscript.TestScript, _ bool, args []string) {
	p := &patient{next: registryOf(ts, args[0]), host: args[1], facts: map[string]string{}}
	for _, fact := range args[3:] {
		name, value, _ := strings.Cut(fact, "=")
		p.facts[name] = value
	}
	name, end := p.host, time.Now().Add(36*time.Hour)
	if other := p.facts["name"]; other != "" {
		name = other
	}
	if p.has("expired") {
		end = time.Now().Add(-12 * time.Hour)
	}
	certificate, ca, err := certify(name, end)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), ca, 0o666))
	serveTLS(ts, p.host, p, certificate)
}

func (p *patient) has(fact string) bool {
	_, ok := p.facts[fact]
	return ok
}

func (p *patient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.has("limit") {
		w.Header().Set("RateLimit-Limit", "100;w=21600")
		w.Header().Set("RateLimit-Remaining", "76;w=21600")
	}
	switch isBlob := strings.Contains(r.URL.Path, "/blobs/"); {
	case p.has("page"):
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><title>Our intranet</title></html>")
	case r.URL.Path == "/token":
		p.giveToken(w, r)
	case !p.isWelcome(w, r):
	case p.has("nohead") && r.Method == http.MethodHead:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case p.has("noreferrers") && strings.Contains(r.URL.Path, "/referrers/"):
		http.NotFound(w, r)
	case p.has("store") && isBlob:
		http.Redirect(w, r, p.facts["store"]+"?X-Amz-Signature=planted-signature", http.StatusTemporaryRedirect)
	default:
		if p.has("norange") {
			r.Header.Del("Range")
		}
		p.next.ServeHTTP(w, r)
	}
}

// giveToken answers as a token server.
func (p *patient) giveToken(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user+":"+password != p.facts["token"] {
		p.refuse(w, r)
		return
	}
	fmt.Fprintf(w, `{"token":%q}`, grantedToken)
}

// isWelcome reports whether a request has what the registry demands. Otherwise it answers
// the request.
func (p *patient) isWelcome(w http.ResponseWriter, r *http.Request) bool {
	challenge, wanted := p.facts["challenge"], ""
	user, password, _ := r.BasicAuth()
	switch {
	case p.has("password"):
		challenge, wanted = `Basic realm="test"`, p.facts["password"]
	case p.has("token"):
		challenge = fmt.Sprintf(`Bearer realm="https://%s/token",service="%s"`, p.host, p.host)
	case p.has("realm"):
		challenge = fmt.Sprintf(`Bearer realm="%s"`, p.facts["realm"])
	}
	if challenge == "" || wanted != "" && user+":"+password == wanted || r.Header.Get("Authorization") == "Bearer "+grantedToken {
		return true
	}
	w.Header().Set("WWW-Authenticate", challenge)
	p.refuse(w, r)
	return false
}

func (p *patient) refuse(w http.ResponseWriter, r *http.Request) {
	message := "authentication required"
	if p.has("echo") {
		user, password, _ := r.BasicAuth()
		message = fmt.Sprintf("you sent %s:%s, %s", user, password, r.Header.Get("Authorization"))
	}
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":%q}]}`, message)
}
