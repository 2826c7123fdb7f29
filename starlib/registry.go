package starlib

import (
	"fmt"

	"go.starlark.net/starlark"

	"mvrun/starlib/param"
)

// Settings of registries.

// Registry are the settings that a script gives a registry; empty ones are
// left as they are.
type Registry struct {
	Endpoint           string
	Username, Password string
	Token              string
	CA                 string
	Cert, Key          string
	TLSVerify          *bool
	PlainHTTP          bool
	RequestsPerSecond  float64
	MaxRequests        int
}

// registry is registry(host, …): how to speak to a registry, on either side.
func (r *run) registry(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var host string
	var s Registry
	var verify starlark.Value
	pace := starlark.Value(starlark.None)
	err := param.Unpack(b, args, kwargs, "host", &host, "endpoint?", &s.Endpoint,
		"username?", &s.Username, "password?", &s.Password, "token?", &s.Token,
		"ca?", &s.CA, "cert?", &s.Cert, "key?", &s.Key, "tls_verify?", &verify, "plain_http?", &s.PlainHTTP,
		"requests_per_second?", &pace, "max_requests?", &s.MaxRequests)
	if err != nil {
		return nil, err
	}
	if thread.CallStack()[0].Name != "<toplevel>" && thread.Local(promptLocal) == nil {
		return nil, fmt.Errorf("%s: only the top level may use %s: requests may be under way already", b.Name(), b.Name())
	}
	if verify != nil && verify != starlark.None {
		truth, ok := verify.(starlark.Bool)
		if !ok {
			return nil, fmt.Errorf("%s: for parameter tls_verify: got %s, want bool", b.Name(), verify.Type())
		}
		s.TLSVerify = (*bool)(&truth)
	}
	if pace != starlark.None {
		rate, ok := starlark.AsFloat(pace)
		if !ok || rate <= 0 {
			return nil, fmt.Errorf("%s: for parameter requests_per_second: got %s, want a number above 0", b.Name(), pace)
		}
		s.RequestsPerSecond = rate
	}
	for _, file := range []*string{&s.CA, &s.Cert, &s.Key} {
		if *file == "" {
			continue
		}
		if *file, err = r.loader.Confine(r.loader.Locate(*file)); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	if err := r.Registry(host, s); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", b.Name(), host, err)
	}
	return starlark.None, nil
}
