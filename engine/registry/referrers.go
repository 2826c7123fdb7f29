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

	"mvrun/engine/room"
	"mvrun/validate"
)

// A referrer is an artifact that is attached to an image: a signature, an SBOM or an
// attestation. This file finds the referrers of an image.

// cosignTags has the ends of the tags under which cosign stores artifacts if the
// registry does not list referrers. If the registry lists them, the same artifact has
// no such tag, but the artifact type that stands here beside the tag.
// https://github.com/sigstore/cosign/blob/v2.4.1/specs/SIGNATURE_SPEC.md#storage
var cosignTags = []struct{ suffix, artifactType string }{
	{".sig", "application/vnd.dev.cosign.artifact.sig.v1+json"},
	{".att", "application/vnd.dev.cosign.artifact.att.v1+json"},
	{".sbom", "application/vnd.dev.cosign.artifact.sbom.v1+json"},
}

// referrers lists the referrers of a manifest, sorted by artifact type and digest. It
// asks for the registry's list and for each of cosign's tags at the same time. If the
// registry does not list referrers, one more request follows.
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
	// The same referrer may be found in several places. The first one counts.
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

// acceptIndex is the header of a request for a list of referrers.
var acceptIndex = http.Header{"Accept": {validate.TypeOCIIndex}}

// errNoAPI says that an answer does not come from a referrers API.
var errNoAPI = errors.New("the registry does not list referrers")

// listedReferrers returns the registry's list of referrers. If the registry does not
// list referrers, it returns the list under the fallback tag.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
func (h *host) listedReferrers(ctx context.Context, repository, digest string) ([]validate.Descriptor, error) {
	var found []validate.Descriptor
	listed := false // whether a first page came
	err := h.pages(ctx, repository, "referrers/"+digest, acceptIndex, room.Of(ctx), func(header http.Header, body []byte) error {
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

// noReferrersAPI reports whether an error comes from a registry that does not have the
// referrers API. A proxy in front of a broken registry may answer in the same way. This
// does no harm, because the request for the fallback tag then fails, too.
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

// taggedReferrers returns the list of referrers under the fallback tag. Clients write
// this list if the registry does not list referrers.
//
// Some registries (GitLab) return the image itself for this tag, and some tools copy
// the image to it. If the image is a list, its entries are platforms and not referrers.
// Platforms have no artifact type, so entries without one are left out.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
func (h *host) taggedReferrers(ctx context.Context, repository, digest string) ([]validate.Descriptor, error) {
	fact, err := sound(h.readManifest(ctx, repository, referrersTag(digest)))
	if err != nil || fact.Missing || fact.Digest == digest {
		return nil, err
	}
	return slices.DeleteFunc(fact.Manifest.Children, func(r validate.Descriptor) bool { return r.ArtifactType == "" }), nil
}

// referrersTag returns the fallback tag for the referrers of a digest. It has at most
// 32 characters of the digest's algorithm, and 64 of the rest.
func referrersTag(digest string) string {
	algorithm, encoded, _ := strings.Cut(digest, ":")
	return algorithm[:min(len(algorithm), 32)] + "-" + encoded[:min(len(encoded), 64)]
}

// maxTag is the greatest number of characters of a tag.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const maxTag = 128

// cosignReferrer returns the artifact under one of cosign's tags.
func (h *host) cosignReferrer(ctx context.Context, repository, digest, suffix, artifactType string) ([]validate.Descriptor, error) {
	tag := strings.Replace(digest, ":", "-", 1) + suffix
	if len(tag) > maxTag { // the tag for a sha512 digest is too long, and cosign does not shorten it
		return nil, nil
	}
	fact, err := sound(h.readManifest(ctx, repository, tag))
	if err != nil || fact.Missing || fact.Digest == digest {
		return nil, err
	}
	m := fact.Manifest
	return []validate.Descriptor{{MediaType: m.MediaType, Digest: m.Digest, Size: m.Size, ArtifactType: artifactType, Annotations: m.Annotations}}, nil
}
