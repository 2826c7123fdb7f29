// Package wire sends requests to registries. It also remembers what it learns about
// the registries during a run, for example that one is down.
//
// A request passes through a chain of http.RoundTrippers. Each link of the chain
// adds one thing, has its own file, and knows no other link. chain.go has the order
// of the links, and the reason for the place of each.
//
// Three types hold the state that requests share:
//
//   - Network is for a whole run. It has the connections, the circuit breakers and
//     the number of requests.
//   - Registry is for one registry. It limits how many requests per second the
//     registry gets, and how many are under way at once.
//   - Chain is for one user at one registry. It knows what is left of this user's
//     quota. Callers send their requests through it.
//
// The package's own errors have messages for users. Some of them also have the
// Reason of an image's result.
//
// The package does not know manifests and blobs, nor where credentials come from.
// It asks an Authorizer for the Authorization header of a request. The type Account
// of package access is an Authorizer. This package does not import package access;
// package registry connects the two.
package wire
