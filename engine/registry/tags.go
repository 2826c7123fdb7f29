package registry

import (
	"context"
	"errors"
	"net/http"
)

// tags lists the tags of a repository. The registry chooses the size of its pages:
// some registries cut the listing to a size that they are asked for, and name no
// next page.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
func (h *host) tags(ctx context.Context, repository string) ([]string, error) {
	var tags []string
	seen := map[string]bool{} // pages overlap where tags are pushed meanwhile
	err := h.pages(ctx, repository, "tags/list", nil, func(_ http.Header, body []byte) error {
		var page struct {
			Tags *[]string `json:"tags"`
			Name *string   `json:"name"`
		}
		if err := parseListing(body, &page); err != nil {
			return err
		}
		if page.Tags == nil && page.Name == nil { // a repository without tags has null
			return &contentError{errors.New("the answer is no listing: it has neither name nor tags")}
		}
		if page.Tags == nil {
			return nil
		}
		for _, tag := range *page.Tags {
			if !seen[tag] {
				seen[tag] = true
				tags = append(tags, tag)
			}
		}
		return nil
	})
	if errors.Is(err, errNoListing) {
		return nil, &missingError{words: "the registry has no such repository"}
	}
	if err != nil {
		return nil, err
	}
	return tags, nil
}
