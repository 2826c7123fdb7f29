package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"mvrun/engine/registry/memory"
	"mvrun/starlib"
	"mvrun/validate"
)

// The registries of a test.

// AddRegistry implements starlib.World.
func (w *testWorld) AddRegistry(f starlib.FakeRegistry) error {
	registry := memory.New()
	for _, image := range f.Images {
		pushFake(registry, image.Repository, image.Tag, image.Image)
		if !strings.Contains(image.Repository, "/") { // where lists look for it, at Docker Hub and by default
			pushFake(registry, "library/"+image.Repository, image.Tag, image.Image)
		}
	}
	if f.Fault == "" {
		return w.network.Add(f.Host, registry)
	}
	return w.network.Add(f.Host, &faultyRegistry{registry: registry, fault: f.Fault, times: int64(f.FaultTimes)})
}

func pushFake(r *memory.Registry, repository, tag string, f starlib.FakeImage) {
	made := func(p validate.Platform) memory.Image {
		return memory.Image{Platform: p, Content: f.Content + "\n" + p.String(), OCI: f.OCI, Labels: f.Labels, Env: f.Env}
	}
	if !f.List {
		r.PushImage(repository, tag, made(f.Platforms[0]))
		return
	}
	var children []memory.Descriptor
	for _, platform := range f.Platforms {
		children = append(children, r.PushImage(repository, "", made(platform)))
	}
	mediaType := validate.TypeDockerList
	if f.OCI {
		mediaType = validate.TypeOCIIndex
	}
	r.PushList(repository, tag, mediaType, children...)
}

// faultyRegistry breaks requests for images; whether it is a registry at all,
// it says as ever. So one fault is one image that could not be asked for.
type faultyRegistry struct {
	registry http.RoundTripper
	fault    string
	times    int64 // 0 for ever
	met      atomic.Int64
}

// slowness is how long an answer takes with the fault "slow".
const slowness = time.Second

func (f *faultyRegistry) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.Trim(request.URL.Path, "/") == "v2" || f.met.Add(1) > f.times && f.times > 0 {
		return f.registry.RoundTrip(request)
	}
	switch f.fault {
	case starlib.FaultUnauthorized:
		return refusing(request, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required"), nil
	case starlib.FaultRateLimited:
		return refusing(request, http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many requests"), nil
	case starlib.FaultUnreachable:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	timer := time.NewTimer(slowness)
	defer timer.Stop()
	select {
	case <-timer.C:
		return f.registry.RoundTrip(request)
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
}

// refusing is the answer of a registry that says no.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
func refusing(request *http.Request, status int, code, message string) *http.Response {
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteHeader(status)
	fmt.Fprintf(answer, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
	response := answer.Result()
	response.Request = request
	return response
}
