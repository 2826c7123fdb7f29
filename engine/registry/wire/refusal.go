package wire

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxRefusal is how many bytes are read of the body of an answer that refuses a
// request.
const maxRefusal = 64 << 10

// RefusedError is an answer that refuses a request.
type RefusedError struct {
	Status *transport.Error // with the messages of a registry, if the answer has any
	Body   Body
}

func (e *RefusedError) Error() string { return e.Status.Error() }
func (e *RefusedError) Unwrap() error { return e.Status }

// Refusal makes an error of an answer that refuses a request. The error is a
// *RefusedError, or a *CutError if the body was cut short.
func Refusal(response *http.Response) error {
	var body bytes.Buffer
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(io.LimitReader(response.Body, maxRefusal), &body), response.Body}
	err := transport.CheckError(response)
	status, ok := errors.AsType[*transport.Error](err)
	if !ok {
		return &CutError{err}
	}
	return &RefusedError{status, bodyOf(status, response.Header.Get("Content-Type"), body.Bytes())}
}

// Kind is what the body of a refusing answer is.
type Kind int

const (
	NoBody    Kind = iota
	Messages       // of a registry, in JSON
	WebPage        // also a login page
	XML            // for example the error of a store
	OtherJSON      // of something else than a registry
	PlainText
)

// Body describes the body of an answer that refuses a request. Some bodies are not of a
// registry, but of a proxy, an ingress or a store.
type Body struct {
	Kind  Kind
	Type  string // the media type that the answer names, such as text/html, or ""
	Code  string // the code of a store's error in XML, such as NoSuchKey, or ""
	Title string // the title of a web page, on one line, or ""
	Words string // the beginning of the body, on one line
}

// maxBodyWords is how many bytes of a body that no registry sent are shown.
const maxBodyWords = 100

var (
	titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	codePattern  = regexp.MustCompile(`<Error[^>]*>(?s:.*?)<Code>([A-Za-z]{1,40})</Code>`)
	typePattern  = regexp.MustCompile(`^[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}$`)
)

func bodyOf(status *transport.Error, contentType string, content []byte) Body {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if !typePattern.MatchString(mediaType) {
		mediaType = ""
	}
	trimmed := bytes.TrimSpace(content)
	b := Body{Kind: kindOf(status, mediaType, trimmed), Type: mediaType, Words: firstWords(string(trimmed))}
	if b.Kind == PlainText && !isText(trimmed) {
		b.Words = "bytes that are no text"
	}
	if found := titlePattern.FindSubmatch(content); found != nil && b.Kind == WebPage {
		b.Title = firstWords(string(found[1]))
	}
	if found := codePattern.FindSubmatch(content); found != nil && b.Kind == XML {
		b.Code = string(found[1])
	}
	return b
}

func kindOf(status *transport.Error, mediaType string, content []byte) Kind {
	begin := bytes.ToLower(content[:min(len(content), 20)])
	switch {
	case RegistryWords(status) != "":
		return Messages
	case isWebPage(mediaType, begin): // also of an answer without a body
		return WebPage
	case len(content) == 0:
		return NoBody
	case bytes.HasPrefix(begin, []byte("<")):
		return XML
	case bytes.HasPrefix(begin, []byte("{")), bytes.HasPrefix(begin, []byte("[")):
		return OtherJSON
	}
	return PlainText
}

// IsWebPage reports whether an answer is a web page, by its type or by its content.
func IsWebPage(contentType string, content []byte) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	content = bytes.TrimSpace(content)
	return isWebPage(mediaType, bytes.ToLower(content[:min(len(content), 20)]))
}

func isWebPage(mediaType string, begin []byte) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml" ||
		bytes.HasPrefix(begin, []byte("<!doctype html")) || bytes.HasPrefix(begin, []byte("<html"))
}

// isText reports whether the beginning of a body is text. The body of an answer with an
// unexpected status may be a layer.
func isText(content []byte) bool {
	for i, r := range string(content[:min(len(content), maxBodyWords)]) {
		cut := i > maxBodyWords-utf8.UTFMax // a character may be cut in two
		if r == utf8.RuneError && !cut || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// firstWords returns the beginning of a foreign text on one line.
func firstWords(s string) string { return cutLine(s, maxBodyWords) }
