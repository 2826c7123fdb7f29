// Package registry reads from OCI and Docker registries: manifests, configs,
// blobs, tags and referrers.
//
// A Client is for one run. Its Read answers what a comparison needs of an image,
// for the engine. Inspect, Tags and Referrers are for scripts. Each registry and
// user has a host, which knows how the registry is asked. A host joins the two
// packages below:
//
//   - access knows whose credentials a registry gets, over which TLS, and at which
//     address it is asked.
//   - wire sends requests: again if they may come right, not too fast, and not at
//     all to what is down.
//
// go-containerregistry knows how registries authenticate, and go-retryablehttp when
// to try again. This package adds what both leave open. Many images share one ping
// of a registry and one token of a repository. An answer counts only if its bytes
// have their digest. A 404 counts only if it is the registry's.
//
// Every error that leaves the package is an *Error. It has a reason for the result,
// and its words tell people what to do. The layer above gives the words for its own
// flags: see Options.InsecureHint.
//
// The package does not know what the facts are compared for, nor who prints them.
// Package memory, below it, has registries for tests and for the demonstration.
package registry
