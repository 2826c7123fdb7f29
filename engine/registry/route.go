package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/mirrors"
	"mvrun/engine/registry/wire"
	"mvrun/engine/room"
	"mvrun/validate"
)

// This file asks for the destination's images where a node would ask, as
// Options.Registries says.
//
// A node goes on to the next endpoint after a 404, and after every other error of an
// endpoint, such as 500 or no answer:
// https://github.com/containerd/containerd/blob/v2.0.0/core/remotes/docker/resolver.go (Resolve)
// https://github.com/containers/image/blob/v5.34.0/docker/docker_image_src.go (newImageSource)
// Wrong bytes are no reason for that: a node gives up then.

// isRouted reports whether Options.Registries decides where a registry of the
// destination is asked. The endpoint that a script gives it counts for more.
func (c *Client) isRouted(name string) bool {
	if c.options.Registries == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	registry, ok := c.registries[name]
	return !ok || registry.Endpoint == ""
}

// route is where an image is asked for, and where not.
type route struct {
	mirrors.Route
	// source is the endpoint that is left out because it is the source of the image; nil
	// if there is none.
	source *mirrors.Endpoint
}

// routeOf returns the route for a reference of an image.
func (c *Client) routeOf(image imagelist.Image, reference string) route {
	byDigest := imagelist.IsDigest(reference)
	r := route{Route: c.options.Registries.Route(image.Destination, byDigest)}
	if wanted := image.Digest() != "" || imagelist.IsDigest(image.DestinationLookup()); r.OneForAll && wanted != byDigest {
		// Who serves the image is chosen once, by the reference as the node has it.
		r.Route = c.options.Registries.Route(image.Destination, wanted)
	}
	hasMirrors := len(r.Endpoints) > 1 || len(r.NotForTags) > 0
	r.Endpoints = slices.DeleteFunc(slices.Clone(r.Endpoints), func(e mirrors.Endpoint) bool {
		isSource := isSourceOf(image, e, hasMirrors)
		if isSource && r.source == nil {
			r.source = &e
		}
		return isSource
	})
	return r
}

// isSourceOf reports whether an endpoint is the repository from which an image was
// mirrored. To compare the source with itself would prove nothing. An image of which
// the list names the destination alone has the same name on both sides, if there are
// mirrors.
func isSourceOf(image imagelist.Image, e mirrors.Endpoint, hasMirrors bool) bool {
	source := image.Source
	if source == "" && hasMirrors && e.IsOrigin {
		source = image.Destination
	}
	registry, path, _ := strings.Cut(source, "/")
	return imagelist.IsSameRegistry(e.Host, registry) && e.Repository == path
}

// readAsNode reads a fact at the first endpoint that has it.
func (c *Client) readAsNode(ctx context.Context, call *wire.Call, q query) (validate.Fact, error) {
	r := c.routeOf(q.image, q.reference)
	isTop := q.need.Digest == "" || q.need.Digest == q.image.Digest()
	if chosen, ok := c.servedBy(q.image); ok && (r.OneForAll || q.need.Action == validate.ListReferrers) && !isTop {
		r.Endpoints = []mirrors.Endpoint{chosen}
	}
	missing := validate.Fact{Missing: true}
	var first *Error
	var others []string // what the endpoints but the first one with an error said
	for _, endpoint := range r.Endpoints {
		fact, err := c.readAt(ctx, call, endpoint, q)
		switch {
		case err == nil && !fact.Missing:
			if isTop {
				c.setServed(q.image, &endpoint)
			}
			return fact, nil
		case err == nil:
			missing.Store = cmp.Or(missing.Store, fact.Store)
			others = append(others, endpoint.Host+" does not have it")
			continue
		case ctx.Err() != nil, errors.As(err, new(*contentError)), errors.Is(err, room.ErrCrowded):
			return validate.Fact{}, err
		}
		c.warnMoved(endpoint, err, len(r.Endpoints))
		if e, ok := errors.AsType[*Error](err); ok && first == nil {
			first = e
		} else {
			others = append(others, endpoint.Host+" could not be asked, either")
		}
	}
	if isTop {
		c.setServed(q.image, nil)
	}
	if first != nil {
		if len(others) > 0 {
			first.known = &hintedError{first.known, "; of the other places where a node asks, " + strings.Join(others, ", ")}
		}
		return validate.Fact{}, first
	}
	missing.Elsewhere = r.elsewhere()
	return missing, nil
}

// readAt reads a fact at an endpoint.
func (c *Client) readAt(ctx context.Context, call *wire.Call, endpoint mirrors.Endpoint, q query) (validate.Fact, error) {
	q.name = endpoint.String()
	if endpoint.Broken != "" {
		broken := &unreachableError{endpoint.Broken}
		return validate.Fact{}, &Error{Side: q.need.Side, Reference: q.image.DestinationReference(), Err: broken,
			doing: "reading destination", known: broken}
	}
	return c.endpointHost(endpoint).read(ctx, call, endpoint.Repository, q)
}

// warnMoved tells, once for each host, that a node would go on to the next endpoint.
func (c *Client) warnMoved(endpoint mirrors.Endpoint, err error, endpoints int) {
	c.mu.Lock()
	told := c.moved[endpoint.Host]
	c.moved[endpoint.Host] = true
	c.mu.Unlock()
	if endpoints > 1 && !told && c.options.Warn != nil {
		c.options.Warn(fmt.Sprintf("%s is one of several places where a node asks, and could not be asked: the others are asked as well (%v)", endpoint.Host, err))
	}
}

// elsewhere says why nothing more is asked for an image that is missing at all
// endpoints.
func (r route) elsewhere() string {
	var asked []string
	for _, e := range r.Endpoints {
		asked = append(asked, e.String())
	}
	switch {
	case r.Blocked != "":
		return r.Blocked + ": a node does not pull it"
	case r.source == nil && len(asked) > 1:
		return "none of the places where a node asks has it: " + strings.Join(asked, ", ")
	case r.source == nil && len(asked) == 0:
		return fmt.Sprintf("a node asks nobody for it: %s may not be asked for a tag", strings.Join(r.NotForTags, ", "))
	case r.source == nil:
		return ""
	case len(asked) == 0 && len(r.NotForTags) > 0:
		return fmt.Sprintf("no mirror may be asked for it (not %s, by their rules for tags and digests); a node would pull it from %s", strings.Join(r.NotForTags, ", "), r.source.Host)
	case len(asked) == 0:
		return fmt.Sprintf("no mirror is named for it; a node would pull it from %s", r.source.Host)
	}
	return fmt.Sprintf("no mirror has it; a node would pull it from %s", r.source.Host)
}

func servedKey(image imagelist.Image) string { return image.Destination + " " + image.Tag }

// servedBy returns the endpoint that has answered for an image.
func (c *Client) servedBy(image imagelist.Image) (mirrors.Endpoint, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	endpoint, ok := c.served[servedKey(image)]
	return endpoint, ok
}

// setServed keeps the endpoint that has answered for an image; nil means none.
func (c *Client) setServed(image imagelist.Image, endpoint *mirrors.Endpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if endpoint == nil {
		delete(c.served, servedKey(image))
	} else {
		c.served[servedKey(image)] = *endpoint
	}
}

// ServedBy implements engine.Router.
func (c *Client) ServedBy(image imagelist.Image) string {
	endpoint, _ := c.servedBy(image)
	return endpoint.Host
}

// Place implements engine.Router. What one mirror has says nothing of another one, so
// images that different mirrors serve do not share facts. Nor do images of which only
// one may be asked for at the registry itself.
func (c *Client) Place(image imagelist.Image) string {
	name, _, _ := strings.Cut(image.Destination, "/")
	if !c.isRouted(name) {
		return ""
	}
	r := c.routeOf(image, image.DestinationLookup())
	place := ""
	if r.source != nil {
		place = "without " + r.source.String()
	}
	if chosen, ok := c.servedBy(image); ok && r.OneForAll {
		place += " at " + chosen.String()
	}
	return place
}
