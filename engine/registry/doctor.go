package registry

import (
	"context"
	"fmt"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/mirrors"
	"mvrun/validate"
)

// This file and examination.go examine one registry for a user who wants to know why
// images cannot be read there. The examination sends its requests through the same
// chain as a run, so what it finds out is true for a run, too.

// Diagnosis is what an examination found out about a registry. It holds no secret. A
// pointer is nil, and null in JSON, if nothing is known.
type Diagnosis struct {
	Target     string `json:"target"`     // as the user wrote it
	Registry   string `json:"registry"`   // as lists write it
	Endpoint   string `json:"endpoint"`   // the HOST[:PORT] that gets the requests
	Repository string `json:"repository"` // "" if only the host was examined
	Tag        string `json:"tag"`        // the tag or digest that was read, or ""

	Status  Health `json:"status"`
	Answers bool   `json:"answers"` // whether an answer of HTTP came
	Scheme  string `json:"scheme"`  // "http" or "https"; "" if nothing answers
	HTTP    string `json:"http"`    // such as "HTTP/2.0"

	TLS         *Certificate `json:"tls"`
	Credentials *Credentials `json:"credentials"`
	Auth        *Auth        `json:"auth"`
	Pull        *Pull        `json:"pull"` // nil if none was tried
	Head        *Capability  `json:"head"`
	Referrers   *Capability  `json:"referrers"`
	Range       *Capability  `json:"range"`
	RateLimit   *RateLimit   `json:"rate_limit"`
	Problems    []Problem    `json:"problems"` // never nil
}

// Health is the outcome of an examination.
type Health string

const (
	Healthy  Health = "ok"
	Wrong    Health = "wrong"
	NoAnswer Health = "no-answer"
)

// Certificate is that of a registry, and how the connection is encrypted.
type Certificate struct {
	Version  string    `json:"version"` // such as "TLS 1.3"; "" if no connection was made
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	Names    []string  `json:"names"` // the hosts for which it is valid
	NotAfter time.Time `json:"not_after"`
	Trusted  bool      `json:"trusted"`
	Why      string    `json:"why"` // why it is not trusted, or ""
}

// Credentials are those that a run would use.
type Credentials struct {
	From     string `json:"from"`     // such as "the Docker configuration"; "" if there are none
	Where    string `json:"where"`    // the file or program that gave them, or ""
	For      string `json:"for"`      // the registry, or a part of it
	Username string `json:"username"` // "" if there is none
	Kind     string `json:"kind"`     // "password", "identity token", "token" or "none"
	Accepted *bool  `json:"accepted"` // nil if nobody asked for them
}

// Auth is what a registry demands of who reads from it.
type Auth struct {
	Scheme      string `json:"scheme"`       // "none", "basic", "bearer", or another one
	TokenServer string `json:"token_server"` // its URL, or ""
	Service     string `json:"service"`
	Refused     string `json:"refused"` // why the token server is not asked, or ""
}

// Pull is the attempt to read a manifest.
type Pull struct {
	Granted   bool   `json:"granted"`
	Digest    string `json:"digest"`
	MediaType string `json:"media_type"`
}

// Capability is something that not every registry can do.
type Capability struct {
	Supported *bool  `json:"supported"` // nil if the answer does not tell
	Detail    string `json:"detail"`
}

// RateLimit is how many requests the registry still takes.
type RateLimit struct {
	Limit  *int    `json:"limit"`
	Left   int     `json:"left"`
	Window float64 `json:"window_seconds"` // 0 if the registry does not say
}

// Problem is something that is wrong.
type Problem struct {
	// Check is what was examined: "certificates", "connection", "tls", "credentials",
	// "auth", "pull" or "blobs".
	Check   string `json:"check"`
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

// Target names what is to be examined.
type Target struct {
	Written    string // as the user wrote it
	Registry   string
	Repository string // its path in the registry; "" examines the host alone
	Tag        string // a tag or a digest; "" lets the examination choose a tag
	// Destination examines the registry as the destination of a mirror. Otherwise the
	// login decides, as it does for a script.
	Destination bool

	endpoint *mirrors.Endpoint // where the registry is asked; nil means at the registry itself
}

// AsNode returns a target for each place where a node would ask for a target, in the order
// of the node. The places are the mirrors of the files, and last the registry itself.
func (t Target) AsNode(files *mirrors.Config) []Target {
	repository := t.Repository
	if repository == "" {
		repository = "any/image" // rules for a part of the registry do not count then
	}
	var targets []Target
	for _, endpoint := range files.Route(t.Registry+"/"+repository, imagelist.IsDigest(t.Tag)).Endpoints {
		at := t
		at.Destination, at.endpoint = true, &endpoint
		if !endpoint.IsOrigin {
			at.Written, at.Registry = fmt.Sprintf("%s at %s", t.Written, endpoint.Host), imagelist.CanonicalRegistry(endpoint.Host)
		}
		if t.Repository != "" {
			at.Repository = endpoint.Repository
		}
		targets = append(targets, at)
	}
	return targets
}

// Diagnose examines a registry with the options of a run. It sends each request once,
// so that no retry hides a fault. The end of ctx ends it.
func Diagnose(ctx context.Context, o Options, t Target) *Diagnosis {
	seen := &observer{}
	o.Once, o.observe = true, seen.observe
	c := New(ctx, o)
	defer c.Close()
	side := c.users.Side(t.Registry)
	if t.Destination {
		side = validate.Destination
	}
	h := c.host(t.Registry, t.Repository, side)
	if t.endpoint != nil {
		h = c.endpointHost(*t.endpoint)
	}
	x := &examination{
		host: h, seen: seen, target: t, side: side,
		found: &Diagnosis{Target: t.Written, Registry: t.Registry, Endpoint: h.registry.address, Repository: t.Repository, Tag: t.Tag,
			Status: Healthy, Problems: []Problem{}},
	}
	x.examine(ctx)
	return x.found
}
