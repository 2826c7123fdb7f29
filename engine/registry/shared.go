package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"mvrun/engine/await"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry/mirrors"
	"mvrun/validate"
)

// A registry such as distribution or Harbor stores a blob once for all its repositories.
// If the user says so, this file reads each blob of a host once. In every other repository
// it asks with HEAD whether the blob is there, with its size.

// These bounds hold for all registries of a run. A blob that is not remembered is read
// again.
const (
	maxRight = 1 << 17 // blobs whose bytes were right
	maxWrong = 1 << 12 // blobs whose bytes were wrong
	maxTold  = 1 << 14 // images that have heard of wrong bytes
)

// sharedBlobs is what a run knows of blobs that several repositories share.
type sharedBlobs struct {
	isUsed  atomic.Bool
	flights await.Group[blobRead, struct{}]

	mu    sync.Mutex
	right map[storedBlob]sharedBlob
	wrong map[blobRead]validate.Fact
	told  map[toldImage]struct{}
}

// storedBlob is a blob in the store of a host. The host is a registry as one user asks it:
// another host, or another login, may have other bytes.
type storedBlob struct {
	host   *host
	digest string
}

// blobRead is one way to read a blob. A blob is read up to the size that its manifest
// claims, and a wrong claim says nothing about the blob for another manifest.
type blobRead struct {
	storedBlob
	size   int64
	action validate.Action
}

// toldImage is an image that has heard of the wrong bytes of a blob.
type toldImage struct {
	blobRead
	image string
}

// sharedBlob is a blob whose bytes are right.
type sharedBlob struct {
	size                   int64
	isUnpacked             bool // whether the fields below are known
	format, diffID, broken string
}

func newSharedBlobs() *sharedBlobs {
	return &sharedBlobs{right: map[storedBlob]sharedBlob{}, wrong: map[blobRead]validate.Fact{}, told: map[toldImage]struct{}{}}
}

// SharesBlobs implements engine.BlobSharer. An image for which a node asks at several
// endpoints may get its blobs from any of them.
func (c *Client) SharesBlobs(image imagelist.Image) bool {
	name, _, _ := strings.Cut(image.Destination, "/")
	if !c.isRouted(name) {
		return c.sharesBlobs(name)
	}
	return slices.ContainsFunc(c.routeOf(image, image.DestinationLookup()).Endpoints, func(e mirrors.Endpoint) bool {
		return c.sharesBlobs(imagelist.CanonicalRegistry(e.Host))
	})
}

// sharesBlobs reports whether the registry with a name stores a blob once for all its
// repositories.
func (c *Client) sharesBlobs(name string) bool {
	if c.options.Fresh {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if registry, ok := c.registries[name]; ok && registry.SharedBlobs != nil {
		return *registry.SharedBlobs
	}
	return c.options.SharedBlobs
}

// HasSharedBlobs reports whether a blob was wanted that is read once for several
// repositories.
func (c *Client) HasSharedBlobs() bool { return c.blobs.isUsed.Load() }

// readShared reads a blob unless another image has read it at this host. It waits for an
// image that is reading it. If that image finds nothing out, because its repository lacks
// the blob or its time is over, one of the images that waited reads the blob.
func (h *host) readShared(ctx context.Context, path string, q query) (validate.Fact, error) {
	blobs, how := h.client.blobs, blobRead{storedBlob{h, q.need.Digest}, q.need.Size, q.need.Action}
	blobs.isUsed.Store(true)
	here := int64(-1) // the size of the blob in this repository, -1 before HEAD has told it
	for {
		fact, isKnown, flight, isOwn := blobs.find(how, q)
		switch {
		case isOwn:
			_, err := flight.Fly(func() (none struct{}, err error) {
				if fact, err = h.readBlob(ctx, path, q.need); err == nil {
					blobs.remember(how, q, fact)
				}
				return none, err
			})
			return fact, err
		case !isKnown:
			if flight.Wait(ctx); ctx.Err() != nil {
				return validate.Fact{}, ctx.Err()
			}
		}
		if here < 0 {
			size, isThere, err := h.askBlob(ctx, path, how.digest)
			switch {
			case err != nil:
				return validate.Fact{}, err
			case !isThere:
				return h.readBlob(ctx, path, q.need)
			}
			here = size
		}
		// The size of wrong bytes may differ from the one that the registry has noted when
		// it got the blob.
		isWrong := fact.Digest != how.digest
		switch {
		case isKnown && (here == fact.Size || isWrong && here == how.size):
			return fact, nil
		case isKnown:
			return h.readBlob(ctx, path, q.need)
		}
	}
}

// find returns what is known of a blob. If nothing is, it returns the flight that reads the
// blob, which the caller must fly if isOwn is true.
//
// An image hears of wrong bytes that another image has read only once. If a script
// validates it again, perhaps after the blob was mended, the blob is read again.
func (s *sharedBlobs) find(how blobRead, q query) (fact validate.Fact, isKnown bool, flight *await.Flight[blobRead, struct{}], isOwn bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if right, ok := s.right[how.storedBlob]; ok && (right.isUnpacked || how.action != validate.UnpackLayer) {
		fact = validate.Fact{Digest: how.digest, Size: right.size}
		if how.action == validate.UnpackLayer {
			fact.Format, fact.DiffID, fact.Broken = right.format, right.diffID, right.broken
		}
		return fact, true, nil, false
	}
	if wrong, ok := s.wrong[how]; ok && s.tell(how, q) {
		return wrong, true, nil, false
	}
	// s.mu is held here and in remember. So no flight can end, and its blob become known,
	// between the look above and this line.
	flight, isOwn = s.flights.Join(how)
	return validate.Fact{}, false, flight, isOwn
}

// remember keeps what an image has found out about a blob. That the blob is missing
// concerns this image's repository alone.
func (s *sharedBlobs) remember(how blobRead, q query, fact validate.Fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how.digest = strings.Clone(how.digest) // without the manifest that it may be a part of
	switch {
	case fact.Missing:
	case fact.Digest != how.digest:
		if s.tell(how, q); len(s.wrong) < maxWrong {
			s.wrong[how] = fact
		}
	default:
		delete(s.wrong, how)
		if known := s.right[how.storedBlob]; !known.isUnpacked && len(s.right) < maxRight {
			s.right[how.storedBlob] = sharedBlob{fact.Size, how.action == validate.UnpackLayer, fact.Format, fact.DiffID, fact.Broken}
		}
	}
}

// tell notes that an image hears of wrong bytes. It returns false if the image has heard of
// them before, or if nothing more can be noted. s.mu is held.
func (s *sharedBlobs) tell(how blobRead, q query) bool {
	image := toldImage{how, fmt.Sprint(q.image.List, q.image.Number, q.image.Destination, q.image.Tag)}
	if _, isTold := s.told[image]; isTold || len(s.told) >= maxTold {
		return false
	}
	s.told[image] = struct{}{}
	return true
}
