package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/engine/registry/wire"
)

// checkMissing returns nil if a 404 means that the registry does not have the object,
// and a *goneError if a store behind a redirect does not have it. Otherwise it returns
// an error: a proxy or an ingress also answers 404 while the registry behind it is down.
// Their answers differ from a registry's, which is JSON of a certain form.
func (h *host) checkMissing(ctx context.Context, response *http.Response) error {
	err := wire.Refusal(response)
	refused, ok := errors.AsType[*wire.RefusedError](err)
	if !ok {
		return err
	}
	response.Body.Close() // frees the slot, which the ping below needs
	switch body := refused.Body; {
	case body.Kind == wire.Messages:
		if slices.ContainsFunc(refused.Status.Errors, func(d transport.Diagnostic) bool { return !saysMissing(d) }) {
			return refused
		}
		return nil // also from another registry, to which this one redirects
	case h.isStore(response.Request):
		if missingInStore[body.Code] {
			return &goneError{wire.HostName(response.Request.URL.Host), body.Code}
		}
		return refused
	case body.Kind == wire.OtherJSON && sayMissing(body.Words):
		return nil
	case body.Kind == wire.WebPage, body.Kind == wire.XML, body.Kind == wire.OtherJSON, strings.ContainsAny(body.Words, "<{"):
		return refused
	}
	return h.confirmMissing(ctx, refused)
}

// confirmMissing judges a 404 whose content says nothing. The specification allows such
// an answer, so a ping finds out whether the registry is up.
func (h *host) confirmMissing(ctx context.Context, refused error) error {
	s, err := h.open(ctx)
	if err != nil {
		return err
	}
	request, err := newRequest(ctx, http.MethodGet, s.Scheme, s.Host, "")
	if err != nil {
		return err
	}
	ping, err := h.chain.Contact.RoundTrip(request)
	if err != nil {
		return err
	}
	defer ping.Body.Close()
	switch ping.StatusCode {
	case http.StatusOK, http.StatusUnauthorized, http.StatusForbidden:
		return nil
	}
	return &unconfirmedError{refused, ping.StatusCode}
}

// unconfirmedError says that a 404 may come from a proxy whose registry is down.
type unconfirmedError struct {
	refused error
	ping    int // the status of the answer to GET /v2/
}

func (e *unconfirmedError) Error() string { return e.refused.Error() }
func (e *unconfirmedError) Unwrap() error { return e.refused }

// goneError says that the store to which a registry redirects does not have an object.
type goneError struct {
	store string
	code  string // of the store's error, such as NoSuchKey
}

func (e *goneError) Error() string { return fmt.Sprintf("%s answers 404 %s", e.store, e.code) }

// missingInStore are the codes with which stores say that they do not have an object:
// S3, the
// many stores that speak its language, and Azure.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
var missingInStore = map[string]bool{"NoSuchKey": true, "NoSuchVersion": true, "BlobNotFound": true, "ResourceNotFound": true}

// saysMissing reports whether a message of a registry means that the registry does not
// have the object. MANIFEST_UNKNOWN, NAME_UNKNOWN and NOT_FOUND mean this, and so does
// TAG_EXPIRED of Quay. UNAUTHORIZED does not, although a 404 may have it, too.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
//
// A proxy cache may wrap the answer of its upstream, and then the words decide. Harbor
// sends UNKNOWN with "http status code: 404, body: …MANIFEST_UNKNOWN…". Quay sends
// MANIFEST_UNKNOWN also if its upstream is down or refuses its login.
func saysMissing(d transport.Diagnostic) bool {
	words := d.Message
	if d.Detail != nil {
		words += fmt.Sprintf(" %v", d.Detail)
	}
	code := strings.ToUpper(strings.ReplaceAll(string(d.Code), "_", ""))
	switch {
	case hidesTrouble(words):
		return false
	case code == "", code == "UNKNOWN":
		return sayMissing(d.Message)
	}
	return strings.HasSuffix(code, "NOTFOUND") || strings.HasSuffix(code, "UNKNOWN") || code == "TAGEXPIRED"
}

var (
	// missingPattern finds "manifest unknown", and "repository library/app not found" with
	// few words in between. "repository library/app: host not found" means something else.
	missingPattern = regexp.MustCompile(`(?i)\b(manifest|blob)[ _]unknown\b|\bname_unknown\b|` +
		`\b(manifest|tag|image|artifact|repository|repo|blob)(\s+\S*[^\s:;,]){0,3}\s+(not found|does not exist|doesn't exist|not known|is unknown)\b`)
	troublePattern = regexp.MustCompile(`(?i)unauthori[sz]ed|denied|forbidden|too ?many ?requests|rate limit|time(d )?out|refused|reset by|no such host|unreachable|unavailable|certificate`)
	statusPattern  = regexp.MustCompile(`(?i)\bstatus(?: code)?[:=]? *(\d{3})\b`)
	quayPattern    = regexp.MustCompile(`may not exist in the upstream registry`)
)

// sayMissing reports whether words say that a manifest, a blob or a repository is not
// there, and name no other trouble.
func sayMissing(words string) bool {
	return missingPattern.MatchString(words) && !troublePattern.MatchString(words) && !hidesTrouble(words)
}

// hidesTrouble reports whether words wrap an answer of an upstream registry that is no
// 404.
func hidesTrouble(words string) bool {
	if quayPattern.MatchString(words) { // the status of the upstream's answer follows in brackets, or the error if there was none
		return !strings.Contains(words, "(404)")
	}
	for _, status := range statusPattern.FindAllStringSubmatch(words, -1) {
		if status[1] != "404" {
			return true
		}
	}
	return false
}
