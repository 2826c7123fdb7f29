// Package access finds out how to get access to a registry: at which address, with
// which credentials, and with which TLS configuration.
//
// An Account is for one user at one registry. Its method Open sends the first
// request. It finds the credentials, and learns from the registry which scheme and
// which kind of authorization it uses. After that, the Account has the
// Authorization header for each repository. It fetches tokens, shares them between
// requests, and replaces them before they expire.
//
// Settings are what a script or user sets for one registry. A Login is a name and
// password that the user gave for one side of a mirror. Users decides which Login,
// or which of Podman's logins for parts of a registry, counts for a request. All
// other credentials come from a list of sources in credentials.go. A new source is
// a function there. certificates.go finds certificates.
//
// The package uses package wire: an Account is the wire.Authorizer of its user's
// requests. Callers give the http.RoundTripper that sends the Account's own
// requests, which are the first request and requests for tokens. The package does
// not know manifests and blobs.
package access
