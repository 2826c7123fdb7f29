package starlib

import (
	"fmt"

	"go.starlark.net/starlark"

	"mvrun/starlib/param"
)

// RegistrySettings are the settings that a script gives to a registry. A zero
// value changes nothing: the flags and the user's configuration count.
type RegistrySettings struct {
	Endpoint           string
	Username, Password string
	Token              string
	CA                 string
	Cert, Key          string
	TLSVerify          *bool
	PlainHTTP          bool
	TokenServer        string
	SharedBlobs        *bool
	RequestsPerSecond  float64
	MaxRequests        int
}

// registry implements registry(host, …). The settings count wherever the registry
// is used, as the source and as the destination.
func (e *execution) registry(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var host string
	var s RegistrySettings
	var verify, shared optionalBool
	var rate optionalRate
	err := param.Unpack(b, args, kwargs, "host", &host, "endpoint?", &s.Endpoint,
		"username?", &s.Username, "password?", &s.Password, "token?", &s.Token,
		"ca?", &s.CA, "cert?", &s.Cert, "key?", &s.Key, "tls_verify?", &verify, "plain_http?", &s.PlainHTTP,
		"requests_per_second?", &rate, "max_requests?", &s.MaxRequests,
		"token_server?", &s.TokenServer, "shared_blobs?", &shared)
	if err != nil {
		return nil, err
	}
	if inCallback(thread) {
		return nil, fmt.Errorf("%s: a callback of parallel may not use %s, only the top level and main: other callbacks may be asking that registry", b.Name(), b.Name())
	}
	s.TLSVerify, s.SharedBlobs, s.RequestsPerSecond = verify.value, shared.value, float64(rate)
	for _, file := range []*string{&s.CA, &s.Cert, &s.Key} {
		if *file == "" {
			continue
		}
		if *file, err = e.readPath(b, e.loader.Locate(*file)); err != nil {
			return nil, err
		}
	}
	if err := e.Registry(host, s); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", b.Name(), host, err)
	}
	return starlark.None, nil
}

// inCallback reports whether a thread executes a callback of parallel.
func inCallback(thread *starlark.Thread) bool {
	depth, _ := thread.Local(depthLocal).(int)
	return depth > 0 || thread.Local(waitingLocal) != nil
}

// optionalBool is an argument that may be True, False or None. Its value is nil
// for None.
type optionalBool struct{ value *bool }

// Unpack implements starlark.Unpacker.
func (o *optionalBool) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.NoneType:
		return nil
	case starlark.Bool:
		o.value = (*bool)(&v)
		return nil
	}
	return fmt.Errorf("got %s, want bool", v.Type())
}

// optionalRate is an argument that may be a number above 0 or None. It is 0 for
// None, which means no limit.
type optionalRate float64

// Unpack implements starlark.Unpacker.
func (o *optionalRate) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	rate, ok := starlark.AsFloat(v)
	if !ok || rate <= 0 {
		return fmt.Errorf("got %s, want a number above 0", v)
	}
	*o = optionalRate(rate)
	return nil
}
