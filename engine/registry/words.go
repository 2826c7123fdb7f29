package registry

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// What others wrote, and moments, made fit for a person's screen.

// withoutSecrets hides the credentials from a registry's words, which may
// repeat what was sent.
func (h *host) withoutSecrets(words string) string {
	s := h.session.last()
	if s == nil {
		return words
	}
	secrets := []string{s.config.Password, s.config.RegistryToken, s.config.IdentityToken,
		strings.TrimPrefix(basic(s.config.Username, s.config.Password), "Basic ")}
	h.mu.Lock()
	for _, token := range h.tokens {
		secrets = append(secrets, token.last())
	}
	h.mu.Unlock()
	for _, secret := range secrets {
		if secret != "" {
			words = strings.ReplaceAll(words, secret, "REDACTED")
		}
	}
	return words
}

// registryWords returns what the registry itself wrote, on one line.
func registryWords(e *transport.Error) string {
	var words []string
	for _, d := range e.Errors {
		words = append(words, strings.TrimSpace(string(d.Code)+" "+d.Message))
	}
	return oneLine(strings.Join(words, "; "))
}

// plain writes an error without what explain says anyway: the URL, and both
// attempts of a registry that is tried over HTTPS and HTTP.
func plain(err error) string {
	if u := innermost(err); u != nil {
		err = u.Err
	}
	return readable(err.Error())
}

// readable writes the words of net/http for people.
func readable(words string) string {
	if strings.HasPrefix(words, `Get "`) || strings.HasPrefix(words, `Head "`) {
		_, after, _ := strings.Cut(words, `": `)
		words = after
	}
	switch {
	case words == io.EOF.Error():
		words = "the connection was closed before the answer (EOF)"
	case strings.HasSuffix(words, "timeout awaiting response headers"):
		words = fmt.Sprintf("no answer within %v", longestSilence)
	case words == context.DeadlineExceeded.Error():
		words = "no answer in time"
	}
	return oneLine(strings.TrimPrefix(words, "net/http: "))
}

// oneLine keeps what a registry wrote from breaking the log, or a terminal.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	const most = 500
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.TrimSpace(s)
}

// clock writes a moment for people, who are here and now.
func clock(t time.Time) string {
	now := time.Now()
	switch distance := t.Sub(now).Abs(); {
	case t.Format(time.DateOnly) != now.Format(time.DateOnly):
		return t.Format("Jan 2 15:04")
	case distance < 5*time.Minute:
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}
