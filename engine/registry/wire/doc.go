// Package wire sends requests to registries, and keeps what a run learns about
// them on the way.
//
// A request passes through a chain of http.RoundTrippers. Each link of the chain
// adds one thing, has a file of its own, and knows no other link. The order of
// the links, and the reason for each, stands in chain.go.
//
// Three types hold what requests have in common:
//
//   - Network is for a whole run: the connections, the circuit breakers, the
//     number of requests.
//   - Registry is for one registry as a list names it: how fast it may be asked,
//     and how many requests may be under way.
//   - Chain is for one user at one registry: it knows what is left of this user's
//     quota. Callers send their requests through it.
//
// Errors that the package makes say in their words what people should know, and
// some have a Reason among those of results.
//
// The package knows nothing of manifests and blobs, nor where credentials are
// from. It asks an Authorizer for the Authorization header of a request. Package
// access has one, and imports this package; package registry joins the two.
package wire
