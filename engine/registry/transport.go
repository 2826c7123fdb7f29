package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// The way to the wire: connections, limits, and a note of every request.

// longestSilence is how long is waited for an answer, and for more of one: a
// proxy cache may have to fetch first.
const longestSilence = time.Minute

// newTransport returns connections that live as long as the run needs them:
// many of them, to few hosts.
func (c *Client) newTransport() *http.Transport {
	o := c.options
	proxy := http.ProxyFromEnvironment
	if o.Dial != nil {
		proxy = nil
	}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           c.sockets.connect,
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: o.Insecure, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: longestSilence,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // lengths and digests are of the bytes as they are stored
		MaxIdleConnsPerHost:   o.Conns,
		IdleConnTimeout:       90 * time.Second,
	}
}

// wire sends a request as it is. It hides the transport's CloseIdleConnections,
// which go-retryablehttp calls after every failure, to everybody's cost.
//
// Here a registry's limits are kept and learned, since every attempt counts.
type wire struct{ host *host }

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	client, settings := w.host.client, w.host.settings
	if err := w.host.enter(request); err != nil {
		return nil, err
	}
	settings.pace.count()
	client.requests.Add(1)
	call, _ := request.Context().Value(callKey{}).(*call)
	if call != nil {
		call.sent.Add(1)
	}
	plain := settings.PlainHTTP && w.host.is(request.URL.Host)
	if plain || request.UserAgent() != client.options.UserAgent { // of a library
		request = request.Clone(request.Context())
		request.Header.Set("User-Agent", client.options.UserAgent)
	}
	if plain {
		request.URL.Scheme = "http"
	}
	started := time.Now()
	base := client.options.Transport
	if base == nil {
		base = settings.base
	}
	response, err := base.RoundTrip(request)
	if err == nil {
		response, err = checkLocation(response)
	}
	if p, ok := request.Context().Value(passageKey{}).(*passage); ok {
		p.judge(request.Context(), started, err)
	}
	if client.options.Log != nil {
		exchange := Exchange{Method: request.Method, URL: redact(request.URL), Err: err, Duration: time.Since(started)}
		if err == nil {
			exchange.Status = response.StatusCode
		}
		client.options.Log(exchange)
	}
	if err != nil {
		settings.leaveRoom()
		return nil, err
	}
	if call != nil && response.StatusCode >= http.StatusBadRequest {
		call.refused.Store(int64(response.StatusCode))
	}
	response.Body = &leaving{ReadCloser: response.Body, settings: settings}
	if client.options.Once {
		return response, nil
	}
	if err := w.host.learn(request, response); err != nil {
		response.Body.Close()
		return nil, err
	}
	switch {
	case response.StatusCode != http.StatusTooManyRequests:
		settings.pace.fine(started)
	case !saysNoMore(response):
		settings.pace.tooMany(started)
	}
	return response, nil
}

// enter waits until the limits of a registry let a request through. leaveRoom
// then makes room for the next.
func (h *host) enter(request *http.Request) error {
	ctx := request.Context()
	for {
		if err := h.awaitQuota(request); err != nil {
			return err
		}
		if err := h.settings.pace.wait(ctx); err != nil {
			return err
		}
		if err := h.settings.takeRoom(ctx); err != nil || h.parked(request) == nil {
			return err
		}
		h.settings.leaveRoom() // what was learned while it waited
	}
}

// takeRoom waits until there is room among the requests under way.
func (c *configured) takeRoom(ctx context.Context) error {
	if c.room == nil {
		return nil
	}
	select {
	case c.room <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *configured) leaveRoom() {
	if c.room != nil {
		<-c.room
	}
}

// leaving is a body whose end makes room for the next request. It ends, too,
// when no more of it comes: net/http would wait forever.
type leaving struct {
	io.ReadCloser
	settings *configured
	once     sync.Once

	silence *time.Timer // runs during a Read
	silent  atomic.Bool
}

// Read implements io.Reader.
func (l *leaving) Read(b []byte) (int, error) {
	if l.silence == nil {
		l.silence = time.AfterFunc(longestSilence, func() {
			l.silent.Store(true)
			l.ReadCloser.Close() // which ends the Read under way
		})
	} else {
		l.silence.Reset(longestSilence)
	}
	n, err := l.ReadCloser.Read(b)
	l.silence.Stop()
	if err != nil && err != io.EOF && l.silent.Load() {
		err = errSilence
	}
	return n, err
}

func (l *leaving) Close() error {
	defer l.once.Do(l.settings.leaveRoom)
	return l.ReadCloser.Close()
}

// errSilence is a body of which no more came.
var errSilence = fmt.Errorf("no more of it came within %v", longestSilence)

// errLocation is an answer that leads nowhere.
var errLocation = errors.New("the registry redirects to what is no URL")

// checkLocation refuses a redirect that net/http could not follow, since its
// error would show the whole of it, signatures included.
func checkLocation(response *http.Response) (*http.Response, error) {
	if location := response.Header.Get("Location"); location != "" {
		if _, err := url.Parse(location); err != nil {
			response.Body.Close()
			return nil, errLocation
		}
	}
	return response, nil
}

// redact writes a URL without what may be secret: a redirect to a store of
// blobs carries a signature in its query.
func redact(u *url.URL) string {
	shown := *u
	shown.User = nil
	query := shown.Query()
	for name := range query {
		switch name {
		case "scope", "service", "n", "last", "artifactType":
		default:
			query.Set(name, "REDACTED")
		}
	}
	shown.RawQuery = query.Encode()
	return shown.String()
}
