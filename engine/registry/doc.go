// Package registry reads from OCI and Docker registries: manifests, configs,
// blobs, tags and referrers.
//
// A Client reads for one run. The engine calls Read for the facts that a
// comparison needs. Scripts call Inspect, Tags and Referrers. Diagnose examines one
// registry for a user who wants to know why a run cannot read it. The Client has a host
// for each registry and user. A host uses the two packages below:
//
//   - access chooses the credentials, the TLS configuration and the address of a
//     registry.
//   - wire sends requests. It repeats a request that may succeed later, limits the
//     pace, and sends nothing to a registry that is down.
//
// go-containerregistry knows how registries authenticate, and go-retryablehttp
// knows when to send a request again. This package adds the rest. Many images share
// one ping of a registry and one token of a repository. The bytes of an answer must
// have the right digest. A 404 counts only if a registry sent it, or if
// the store to which the registry redirects sent it twice.
//
// Every error that leaves the package is an *Error. It has a reason for the result,
// and its message tells users what to do. The layer above gives the names of its
// flags for these messages: see Options.InsecureHint.
//
// The package does not know how facts are compared, nor who prints them.
// Package memory, below it, has registries for tests and for the demonstration.
package registry
