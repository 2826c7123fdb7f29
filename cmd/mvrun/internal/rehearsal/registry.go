package rehearsal

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"mvrun/engine/await"
	"mvrun/engine/registry/memory"
	"mvrun/starlib/scripttest"
	"mvrun/validate"
)

// AddRegistry implements scripttest.World.
func (w *world) AddRegistry(f scripttest.FakeRegistry) error {
	registry := memory.New()
	for _, image := range f.Images {
		pushFake(registry, image.Repository, image.Tag, image.Image)
		if !strings.Contains(image.Repository, "/") { // lists add library/ to such a name, for Docker Hub and as the default project
			pushFake(registry, "library/"+image.Repository, image.Tag, image.Image)
		}
	}
	if f.Fault == "" {
		return w.network.Add(f.Host, registry)
	}
	return w.network.Add(f.Host, &faultyRegistry{registry: registry, fault: f.Fault, times: int64(f.FaultTimes)})
}

// pushFake pushes the image that a test made with fake_image().
func pushFake(r *memory.Registry, repository, tag string, f scripttest.FakeImage) {
	made := func(p validate.Platform) memory.Image {
		return memory.Image{Platform: p, Content: f.Content + "\n" + p.String(), OCI: f.OCI, Labels: f.Labels, Env: f.Env, Created: f.Created}
	}
	attach := func(image memory.Descriptor) {
		for _, artifactType := range f.Referrers {
			r.Attach(repository, image, artifactType, f.Content)
		}
	}
	if !f.List {
		attach(r.PushImage(repository, tag, made(f.Platforms[0])))
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
	attach(r.PushList(repository, tag, mediaType, children...))
}

// faultyRegistry makes requests for images fail. Requests for /v2/ do not fail, so
// each fault concerns exactly one image.
type faultyRegistry struct {
	registry http.RoundTripper
	fault    string
	times    int64        // how many requests fail; 0 means all
	requests atomic.Int64 // how many requests for images came so far
}

// slowness is how long an answer takes with the fault "slow".
const slowness = time.Second

func (f *faultyRegistry) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.Trim(request.URL.Path, "/") == "v2" || f.requests.Add(1) > f.times && f.times > 0 {
		return f.registry.RoundTrip(request)
	}
	switch f.fault {
	case scripttest.FaultUnauthorized:
		return refusal(request, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required"), nil
	case scripttest.FaultRateLimited:
		return refusal(request, http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many requests"), nil
	case scripttest.FaultUnreachable:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	if err := await.Sleep(request.Context(), slowness); err != nil {
		return nil, err
	}
	return f.registry.RoundTrip(request)
}

// refusal returns the answer of a registry that refuses a request.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
func refusal(request *http.Request, status int, code, message string) *http.Response {
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteHeader(status)
	fmt.Fprintf(answer, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
	response := answer.Result()
	response.Request = request
	return response
}
