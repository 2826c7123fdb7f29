package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/wire"
)

const (
	// maxTags is how many tags of a repository are listed at most.
	maxTags = 1_000_000
	// smallListing is how many bytes a listing may take that is read beside others.
	smallListing = 1 << 20
)

// listingRoom is the memory of one listing. Large listings are read one at a time.
type listingRoom struct {
	ctx   context.Context
	gate  chan struct{} // holds a value while a large listing is read
	taken int64
	large bool
}

// Take implements memoryRoom. It waits if another large listing is being read.
func (r *listingRoom) Take(n int64) error {
	if r.taken += n; r.taken <= smallListing || r.large {
		return nil
	}
	select {
	case r.gate <- struct{}{}:
		r.large = true
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// Give implements memoryRoom. What was read is kept as tags, so nothing is given back
// before the end.
func (r *listingRoom) Give(int64) {}

func (r *listingRoom) leave() {
	if r.large {
		<-r.gate
	}
}

// tags lists the tags of a repository, and leaves out, with a warning, what is no tag. It
// does not ask for pages of a certain size, because some registries then send only the
// first page, and name no next one.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
func (h *host) tags(ctx context.Context, repository string) ([]string, error) {
	room := &listingRoom{ctx: ctx, gate: h.client.listings}
	defer room.leave()
	var tags, invalid []string
	entries := 0
	seen := map[string]bool{} // pages overlap if somebody pushes tags at the same time
	err := h.pages(ctx, repository, "tags/list", nil, room, func(_ http.Header, body []byte) error {
		if entries += bytes.Count(body, []byte{','}); entries > maxTags {
			return &contentError{fmt.Errorf("the listing has more than %d tags", maxTags)}
		}
		var page struct {
			Tags *[]string `json:"tags"`
			Name *string   `json:"name"`
		}
		if err := parseListing(body, &page); err != nil {
			return err
		}
		if page.Tags == nil && page.Name == nil { // a repository without tags has a name, and null in place of tags
			return &contentError{errors.New("the answer is no listing: it has neither name nor tags")}
		}
		if page.Tags == nil {
			return nil
		}
		for _, tag := range *page.Tags {
			switch {
			case seen[tag]:
			case imagelist.IsTag(tag):
				tags = append(tags, tag)
			default:
				invalid = append(invalid, tag)
			}
			seen[tag] = true
		}
		return nil
	})
	if errors.Is(err, errNoListing) {
		return nil, &missingError{words: "the registry has no such repository"}
	}
	if err != nil {
		return nil, err
	}
	if len(invalid) > 0 && h.client.options.Warn != nil {
		h.client.options.Warn(fmt.Sprintf("%s lists %d tags of %s that are no tags, such as %q: they are left out",
			h.name, len(invalid), repository, wire.OneLine(invalid[0])))
	}
	return tags, nil
}
