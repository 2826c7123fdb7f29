package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"mvrun/validate"
)

// redirectTransport follows redirects. It uses http.Client, but changes three things:
//
//   - The Authorization header goes only to the same scheme, host and port. By
//     itself http.Client would send it to other ports of the host, too.
//   - A redirect is followed only within the rules of check.
//   - http.Client copies each request, which costs time. So a request is first sent
//     without http.Client, and only a redirect is given to it. Nearly all answers
//     are no redirects.
type redirectTransport struct {
	warnDowngrade func(from, to *url.URL) // is called for each redirect from HTTPS to plain HTTP that is followed
	next          http.RoundTripper
}

func (t *redirectTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil { // http.Client makes the same kind of error after a redirect
		return nil, &url.Error{Op: request.Method[:1] + strings.ToLower(request.Method[1:]), URL: request.URL.String(), Err: err}
	}
	if response.StatusCode < 300 || response.StatusCode >= 400 {
		return response, nil
	}
	client := http.Client{Transport: &followTransport{first: response, origin: request, next: t.next}, CheckRedirect: t.check}
	return client.Do(request)
}

// RedirectError says that a redirect is not followed.
type RedirectError struct {
	To  string // SCHEME://HOST[:PORT]
	Why string
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("it redirects to %s, which is not followed: %s", e.To, e.Why)
}

// Reason returns the reason of an image's result.
func (e *RedirectError) Reason() validate.Reason { return validate.Unreachable }

func refusedRedirect(to *url.URL, why string) error {
	return &RedirectError{To: OneLine(to.Scheme + "://" + to.Host), Why: why}
}

// CheckRedirect returns a *RedirectError if the registry at the host asked must not
// redirect to a URL: a registry must not make this program ask a machine that only this
// one reaches. Many registries redirect to object stores, which may have a name that
// leads to a private address.
//
// It sees only addresses that are written as numbers. Request with the context of
// Redirected, so that a name is judged when its address is known.
func CheckRedirect(ctx context.Context, asked string, to *url.URL) error {
	switch reach := ReachOf(to.Hostname()); {
	case strings.EqualFold(to.Hostname(), asked):
	case reach == LinkLocal:
		return refusedRedirect(to, "its address is link-local, where clouds keep the credentials of their machines")
	case reach == Loopback && !isLoopback(ctx, asked):
		return refusedRedirect(to, "that is this machine, and the registry is another one")
	case reach == Private && !IsInternal(ctx, asked):
		return refusedRedirect(to, "its address is private, and the registry's own is not")
	}
	return nil
}

// check returns an error for a redirect that is not followed. A redirect must not replace
// HTTPS by plain HTTP, unless the digest of what is read shows that nobody changed the
// bytes: some stores speak plain HTTP.
func (t *redirectTransport) check(next *http.Request, via []*http.Request) error {
	first, last := via[0], via[len(via)-1]
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	if err := CheckRedirect(first.Context(), first.URL.Hostname(), next.URL); err != nil {
		return err
	}
	if last.URL.Scheme == "https" && next.URL.Scheme == "http" {
		if !namesDigest(first.URL.Path) {
			return refusedRedirect(next.URL, "it speaks plain HTTP, and only the bytes of a digest may come that way")
		}
		t.warnDowngrade(last.URL, next.URL)
	}
	return nil
}

// namesDigest reports whether a path of a registry's API names a manifest or a blob by
// its digest.
func namesDigest(path string) bool {
	_, reference, _ := cutLast(path)
	return strings.HasPrefix(reference, "sha256:") || strings.HasPrefix(reference, "sha512:")
}

// isLoopback reports whether a host is this machine.
func isLoopback(ctx context.Context, host string) bool { return allReach(ctx, host, Loopback) }

// followTransport sends the requests that follow one redirect after the other. The
// first request was sent before, and followTransport has its answer.
type followTransport struct {
	first  *http.Response // the answer to the first request; nil after RoundTrip has returned it
	origin *http.Request  // the first request
	next   http.RoundTripper
}

func (t *followTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if first := t.first; first != nil {
		t.first = nil
		return first, nil
	}
	if authorization := t.origin.Header.Get("Authorization"); authorization != "" {
		if !sameOrigin(request.URL, t.origin.URL) {
			authorization = ""
		}
		request = withHeader(request, "Authorization", authorization)
	}
	if request.Header.Get("Referer") != "" { // http.Client adds the URL before, which may have a signature
		request = withHeader(request, "Referer", "")
	}
	return t.next.RoundTrip(request.WithContext(Redirected(request.Context(), t.origin.URL.Hostname())))
}

// sameOrigin reports whether two URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }

// downgradeWarning returns a function that warns of a registry which redirects to plain
// HTTP, once.
func downgradeWarning(registry string, warn func(string)) func(from, to *url.URL) {
	var once sync.Once
	return func(_, to *url.URL) {
		once.Do(func() {
			warn(fmt.Sprintf("%s redirects to http://%s, without TLS: only blobs and manifests are read there whose bytes have the digest that was asked for", registry, OneLine(to.Host)))
		})
	}
}
