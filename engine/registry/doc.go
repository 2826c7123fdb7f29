// Package registry reads manifests and configs from OCI and Docker registries,
// for the engine: with the user's credentials, over TLS as the user wants it,
// with as few requests as that takes, and again where an answer was none.
//
// go-containerregistry knows how registries authenticate, go-retryablehttp
// when to try again; here is what both leave open: one ping a registry, one
// token a repository, errors that say what to do, and that bytes are what
// their digest says.
package registry
