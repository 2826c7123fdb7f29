package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// The functions of this file make messages of registries and libraries readable and
// safe on a user's screen.

// RegistryWords returns the messages that a registry wrote in its answer, on one line.
func RegistryWords(e *transport.Error) string {
	var words []string
	for _, d := range e.Errors {
		words = append(words, strings.TrimSpace(string(d.Code)+" "+d.Message))
	}
	return OneLine(strings.Join(words, "; "))
}

// Plain returns the message of an error without its URL, because the messages of this
// program name the image instead. If both HTTPS and HTTP were tried, Plain returns the
// message of the first attempt that has a URL.
func Plain(err error) string {
	if u := Innermost(err); u != nil {
		err = u.Err
	}
	return Readable(err.Error())
}

// Innermost returns the innermost *url.Error in an error, or nil.
func Innermost(err error) *url.Error {
	var found *url.Error
	for u := (*url.Error)(nil); errors.As(err, &u); err = u.Err {
		found = u
	}
	return found
}

// Readable replaces messages of net/http with messages for users.
func Readable(words string) string {
	if strings.HasPrefix(words, `Get "`) || strings.HasPrefix(words, `Head "`) {
		_, after, _ := strings.Cut(words, `": `)
		words = after
	}
	switch {
	case words == io.EOF.Error():
		words = "the connection was closed before the answer (EOF)"
	case strings.HasSuffix(words, "timeout awaiting response headers"):
		words = fmt.Sprintf("no answer within %v", maxSilence)
	case strings.HasPrefix(words, "unsupported protocol scheme "):
		words = "the registry redirects to a URL that is not of HTTP: " + words
	case strings.HasSuffix(words, "stopped after 10 redirects"):
		words = "the registry redirects 10 times in a row, and to no answer"
	case words == context.DeadlineExceeded.Error():
		words = "no answer in time"
	}
	return OneLine(strings.TrimPrefix(words, "net/http: "))
}

// maxWords is how many bytes of a foreign message are shown.
const maxWords = 500

// OneLine makes a foreign message safe for the log and the terminal: it replaces
// control characters, and cuts a long message.
func OneLine(s string) string { return cutLine(s, maxWords) }

// HostName makes the name of a host safe for a message. A redirect may name a host of
// any length.
func HostName(host string) string { return cutLine(host, maxHostName) }

// maxHostName is how many bytes of the name of a host are shown: 253 are the most that
// DNS allows, and a port may follow.
const maxHostName = 260

// cutLine replaces the control characters of a foreign text, and cuts the text if it has
// more than most bytes.
func cutLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// clock returns a time for messages. It names the day only if that is not today, and
// the seconds only if the time is near.
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
