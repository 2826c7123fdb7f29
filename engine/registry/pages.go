package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// Registries send a listing page by page. These limits stop a broken registry that
// always names a next page.
const (
	maxPages   = 2000
	maxListing = 32 << 20 // in bytes; this is enough for a million tags
)

// errNoListing says that the registry does not have a listing.
var errNoListing = errors.New("the registry has no such listing")

// pages reads a listing of a repository, and calls take for each page. header is the
// header of the requests. The pages take their memory from room, and it stays taken. If
// there is no first page, pages returns errNoListing.
func (h *host) pages(ctx context.Context, repository, path string, header http.Header, room memoryRoom, take func(header http.Header, body []byte) error) error {
	size := 0
	read := map[string]bool{}
	for len(read) < maxPages {
		read[path] = true
		page, err := h.get(ctx, repository, path, header, maxListing, room)
		if err != nil {
			return err
		}
		if page == nil {
			if len(read) == 1 {
				return errNoListing
			}
			return &contentError{errors.New("the registry says that there is a next page, and that there is none")}
		}
		if size += len(page.body); size > maxListing {
			return &contentError{fmt.Errorf("the listing has more than %d bytes", maxListing)}
		}
		err = page.parse(ctx, func() error { return take(page.header, page.body) })
		if err != nil {
			return err
		}
		if path, err = nextPage(page.header, repository, path); err != nil || path == "" {
			return err
		}
		if read[path] {
			return &contentError{errors.New("the registry's listing has no end: a next page is one that was read before")}
		}
	}
	return &contentError{fmt.Errorf("the listing has more than %d pages", maxPages)}
}

var (
	linkPattern = regexp.MustCompile(`<([^>]+)>([^,]*)`)
	relPattern  = regexp.MustCompile(`(?i);\s*rel\s*=\s*"?([^";]*)`)
)

// nextPage returns the path of the page after page, relative to the repository. It
// returns "" if page is the last one. It ignores the host in the registry's link,
// because a proxy may have changed it, and the next page is at the same registry.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
func nextPage(header http.Header, repository, page string) (string, error) {
	for _, link := range linkPattern.FindAllStringSubmatch(strings.Join(header.Values("Link"), ", "), -1) {
		if rel := relPattern.FindStringSubmatch(link[2]); rel != nil && !strings.EqualFold(strings.TrimSpace(rel[1]), "next") {
			continue
		}
		root := "/v2/" + repository + "/"
		here, err := url.Parse(root + page)
		if err != nil {
			return "", err
		}
		next, err := here.Parse(link[1])
		if err != nil {
			return "", &contentError{fmt.Errorf("the registry's next page is at %q, which is no URL", link[1])}
		}
		below, ok := strings.CutPrefix(next.RequestURI(), root)
		// The registry would decode "%2e%2e/" and leave the repository, with the token for it.
		if !ok || path.Clean(next.Path) != strings.TrimSuffix(next.Path, "/") {
			return "", &contentError{fmt.Errorf("the registry's next page is at %q, outside of the repository", next.Path)}
		}
		return below, nil
	}
	return "", nil
}

// parseListing parses the JSON of a page.
func parseListing(body []byte, page any) error {
	if err := json.Unmarshal(body, page); err != nil {
		return &contentError{fmt.Errorf("the answer is no listing: %w", err)}
	}
	return nil
}
