package registry

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// latestTag is the tag that is read if the user names none.
const latestTag = "latest"

// pull reads a manifest, and finds out what the registry can do.
func (x *examination) pull(ctx context.Context) {
	repository := x.target.Repository
	x.found.Pull = &Pull{}
	if x.target.Tag == "" {
		x.found.Tag = latestTag
	}
	// GET comes first: its answer may have words, and refused credentials are sent once.
	top, err := sound(x.host.readManifest(ctx, repository, x.found.Tag))
	if err == nil && top.Missing && x.target.Tag == "" {
		top, err = x.pullAny(ctx)
	}
	switch {
	case err != nil:
		x.addError(ctx, "pull", err)
		return
	case top.Missing:
		x.add("pull", fmt.Sprintf("the registry has no %s:%s", repository, x.found.Tag), x.nameTags(ctx))
		return
	}
	*x.found.Pull = Pull{Granted: true, Digest: top.Digest, MediaType: x.clean(top.Manifest.MediaType)}
	x.found.Head = x.head(ctx)
	x.found.Referrers = x.referrers(ctx, top.Digest)
	x.readPart(ctx, top.Manifest)
}

// head asks with HEAD, as nodes do, for the manifest that GET could read.
func (x *examination) head(ctx context.Context) *Capability {
	response, err := x.host.do(ctx, http.MethodHead, x.target.Repository, "manifests/"+x.found.Tag, accept)
	if err != nil {
		return x.unknown(ctx, err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusOK && validate.CheckDigest(response.Header.Get("Docker-Content-Digest")) == nil:
		return &Capability{Supported: new(true)}
	case response.StatusCode == http.StatusOK:
		return &Capability{Supported: new(false), Detail: "the answer has no Docker-Content-Digest: each look at a tag costs a GET"}
	}
	return &Capability{Supported: new(false), Detail: statusWords(response.StatusCode) + ", although GET works: each look at a tag costs a GET"}
}

// pullAny reads the manifest of the tag that the registry lists last, if it has no
// latest.
func (x *examination) pullAny(ctx context.Context) (validate.Fact, error) {
	tags := x.tags(ctx)
	if len(tags) == 0 {
		return validate.Fact{Missing: true}, nil // the tag latest is what is missing
	}
	x.found.Tag = tags[len(tags)-1]
	return sound(x.host.readManifest(ctx, x.target.Repository, x.found.Tag))
}

// shownTags is how many tags advice names.
const shownTags = 5

// nameTags names some tags that the registry has.
func (x *examination) nameTags(ctx context.Context) string {
	tags := x.tags(ctx)
	if len(tags) == 0 {
		return "Check the name of the repository: the registry lists no tags of it."
	}
	return fmt.Sprintf("Name one of its tags, such as %s.", strings.Join(tags[max(0, len(tags)-shownTags):], ", "))
}

// tags returns the tags that the registry lists, without those that are no tags, or that
// repeat a secret.
func (x *examination) tags(ctx context.Context) []string {
	tags, err := x.host.tags(ctx, x.target.Repository)
	if err != nil {
		return nil // the tag that is missing counts
	}
	return slices.DeleteFunc(tags, func(tag string) bool {
		_, _, err := imagelist.ParseReference("registry.example/name:"+tag, imagelist.Options{})
		return err != nil || strings.Contains(tag, "@") || x.clean(tag) != tag
	})
}

// referrers finds out whether the registry lists what is attached to an image.
func (x *examination) referrers(ctx context.Context, digest string) *Capability {
	response, err := x.host.do(ctx, http.MethodGet, x.target.Repository, "referrers/"+digest, acceptIndex)
	if err != nil {
		return x.unknown(ctx, err)
	}
	defer response.Body.Close()
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode == http.StatusOK && mediaType == validate.TypeOCIIndex:
		return &Capability{Supported: new(true)}
	case response.StatusCode == http.StatusOK:
		return &Capability{Supported: new(false), Detail: "the answer is no list of referrers: the fallback tag is read instead"}
	case noReferrersAPI(wire.Refusal(response)):
		return &Capability{Supported: new(false), Detail: statusWords(response.StatusCode) + ": the fallback tag is read instead"}
	}
	return &Capability{Detail: statusWords(response.StatusCode)}
}

// unknown is a capability of which an error keeps the examination from knowing.
func (x *examination) unknown(ctx context.Context, err error) *Capability {
	ctx, call := wire.NewCall(ctx)
	e := x.host.explain(ctx, call, err, x.side, "")
	return &Capability{Detail: x.clean(e.known.Error())}
}

// readPart reads the first byte of an image's config. So it finds out whether blobs can
// be read, from the store to which the registry may redirect, and in ranges.
func (x *examination) readPart(ctx context.Context, top *validate.Manifest) {
	if child := firstImage(top); child != "" {
		fact, err := sound(x.host.readManifest(ctx, x.target.Repository, child))
		switch {
		case err != nil:
			x.addError(ctx, "blobs", err)
			return
		case fact.Missing:
			x.add("blobs", fmt.Sprintf("the list names %s, which the registry does not have", child), "Mirror or push the image again.")
			return
		}
		top = fact.Manifest
	}
	if top.Config.Digest == "" {
		return
	}
	response, err := x.host.do(ctx, http.MethodGet, x.target.Repository, "blobs/"+top.Config.Digest, http.Header{"Range": {"bytes=0-0"}})
	if err != nil {
		x.addError(ctx, "blobs", err)
		return
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusPartialContent:
		x.found.Range = &Capability{Supported: new(true)}
	case http.StatusOK:
		x.found.Range = &Capability{Supported: new(false), Detail: "the whole blob comes: a broken download begins anew"}
	default:
		x.addError(ctx, "blobs", wire.Refusal(response))
		return
	}
	if x.host.isStore(response.Request) {
		x.found.Range.Detail = strings.TrimPrefix(x.found.Range.Detail+"; blobs come from "+wire.HostName(response.Request.URL.Host), "; ")
	}
}

// firstImage returns the digest of the first image in a list, or "" if the manifest is
// no list or has none.
func firstImage(m *validate.Manifest) string {
	if !m.IsList() {
		return ""
	}
	for _, child := range m.Children {
		if !child.IsAttestation() {
			return child.Digest
		}
	}
	return ""
}
