package memory

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
)

// This file lets clients send requests to registries in memory, by name and without
// connections.

// RoundTrip implements http.RoundTripper: it answers a client's request.
func (r *Registry) RoundTrip(request *http.Request) (*http.Response, error) {
	served := request.Clone(request.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, served)
	response := answer.Result()
	response.Request = request
	return response, nil
}

// Network is an http.RoundTripper that sends each request to the registry of that
// name. A request to any other host fails. Its methods may be called from many
// goroutines.
type Network struct {
	mu    sync.Mutex
	hosts map[string]http.RoundTripper
}

// Add adds a registry. host is its name in lists, HOST[:PORT].
func (n *Network) Add(host string, registry http.RoundTripper) error {
	address, err := name.NewRegistry(host) // requests for docker.io go to index.docker.io
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.hosts[address.RegistryStr()]; known {
		return fmt.Errorf("there is a registry %s already", host)
	}
	if n.hosts == nil {
		n.hosts = map[string]http.RoundTripper{}
	}
	n.hosts[address.RegistryStr()] = registry
	return nil
}

// RoundTrip implements http.RoundTripper.
func (n *Network) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	registry, ok := n.hosts[request.URL.Host]
	n.mu.Unlock()
	if !ok {
		return nil, errors.New("there is no such registry in memory, and no network")
	}
	return registry.RoundTrip(request)
}
