package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/errgroup"

	"mvrun/validate"
)

// Referrers are what is attached to an image: signatures, SBOMs, attestations.

// cosignTags are the ends of the tags under which cosign stores what it attaches,
// each with the artifact type that cosign gives the same thing where the registry
// lists referrers.
// https://github.com/sigstore/cosign/blob/v2.4.1/specs/SIGNATURE_SPEC.md#storage
var cosignTags = []struct{ suffix, artifactType string }{
	{".sig", "application/vnd.dev.cosign.artifact.sig.v1+json"},
	{".att", "application/vnd.dev.cosign.artifact.att.v1+json"},
	{".sbom", "application/vnd.dev.cosign.artifact.sbom.v1+json"},
}

// referrers lists what refers to a manifest, in the order of artifact types and
// digests. It sends a request for the list and one for each of cosign's tags, side
// by side, and another one if the registry does not list referrers.
func (h *host) referrers(ctx context.Context, repository, digest string) ([]validate.Descriptor, error) {
	found := make([][]validate.Descriptor, 1+len(cosignTags))
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found[0], err = h.listedReferrers(inner, repository, digest)
		return err
	})
	for i, tag := range cosignTags {
		group.Go(func() (err error) {
			found[i+1], err = h.cosignReferrer(inner, repository, digest, tag.suffix, tag.artifactType)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	// The same referrer may be found in several ways. The first counts.
	all := slices.Concat(found...)
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(r validate.Descriptor) bool {
		known := seen[r.Digest]
		seen[r.Digest] = true
		return known
	})
	slices.SortFunc(all, func(a, b validate.Descriptor) int {
		return cmp.Or(cmp.Compare(a.ArtifactType, b.ArtifactType), cmp.Compare(a.Digest, b.Digest))
	})
	return all, nil
}

// acceptIndex asks for a list of referrers.
var acceptIndex = http.Header{"Accept": {validate.TypeOCIIndex}}

// errNoAPI says that an answer is none of the referrers API.
var errNoAPI = errors.New("the registry does not list referrers")

// listedReferrers asks the registry, or else the fallback tag.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
func (h *host) listedReferrers(ctx context.Context, repository, digest string) ([]validate.Descriptor, error) {
	var found []validate.Descriptor
	listed := false // by a first page
	err := h.pages(ctx, repository, "referrers/"+digest, acceptIndex, func(header http.Header, body []byte) error {
		if mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || mediaType != validate.TypeOCIIndex {
			return &contentError{errNoAPI}
		}
		page, err := validate.ParseManifest(validate.TypeOCIIndex, "sha256", body)
		if err == nil && !page.IsList() {
			err = fmt.Errorf("a manifest of type %q", page.MediaType)
		}
		if err != nil {
			return &contentError{fmt.Errorf("the answer is no list of referrers: %w", err)}
		}
		found, listed = append(found, page.Children...), true
		return nil
	})
	if noReferrersAPI(err) && !listed {
		return h.taggedReferrers(ctx, repository, digest)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// noReferrersAPI reports whether an error is the answer of a registry that does not
// know the referrers API. Something else than the registry may answer likewise: the
// request for the fallback tag then fails, too.
func noReferrersAPI(err error) bool {
	var status *transport.Error
	switch {
	case errors.Is(err, errNoListing), errors.Is(err, errNoAPI):
		return true
	case errors.As(err, &status):
		return slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented}, status.StatusCode)
	}
	return false
}

// taggedReferrers reads the list that clients keep under a tag if the registry
// keeps none.
//
// Under such a tag there may be the image itself: GitLab answers so, and copying
// tools push it there. The platforms of an image are no referrers, and have no
// artifact type.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
func (h *host) taggedReferrers(ctx context.Context, repository, digest string) ([]validate.Descriptor, error) {
	fact, err := h.manifest(ctx, repository, referrersTag(digest))
	if err != nil || fact.Missing || fact.Digest == digest {
		return nil, err
	}
	return slices.DeleteFunc(fact.Manifest.Children, func(r validate.Descriptor) bool { return r.ArtifactType == "" }), nil
}

// referrersTag returns the tag for the referrers of a digest. It has at most 32
// characters of the algorithm, and 64 of the rest.
func referrersTag(digest string) string {
	algorithm, encoded, _ := strings.Cut(digest, ":")
	return algorithm[:min(len(algorithm), 32)] + "-" + encoded[:min(len(encoded), 64)]
}

// maxTag is how many characters a tag may have.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const maxTag = 128

// cosignReferrer reads what is under one of cosign's tags.
func (h *host) cosignReferrer(ctx context.Context, repository, digest, suffix, artifactType string) ([]validate.Descriptor, error) {
	tag := strings.Replace(digest, ":", "-", 1) + suffix
	if len(tag) > maxTag { // of a sha512 digest: cosign does not shorten it, so there is no such tag
		return nil, nil
	}
	fact, err := h.manifest(ctx, repository, tag)
	if err != nil || fact.Missing || fact.Digest == digest {
		return nil, err
	}
	m := fact.Manifest
	return []validate.Descriptor{{MediaType: m.MediaType, Digest: m.Digest, Size: m.Size, ArtifactType: artifactType, Annotations: m.Annotations}}, nil
}
