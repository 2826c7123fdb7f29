// Package access knows how a registry may be entered: by which host, with whose
// credentials, over which TLS.
//
// An Account is one user at one registry. Its Open makes the first contact: it
// finds the credentials, and asks the registry how it wants to be spoken to.
// Afterwards the Account has the Authorization header for each repository. It
// fetches tokens, shares them between requests, and renews them in time.
//
// Settings are what a user says of one registry, and a Login is a name and
// password that the user gave for one side of a mirror. Users chooses between
// the Logins, and the logins that Podman has for parts of a registry. All other
// credentials are found by a list of sources, in credentials.go: a new source is
// a function there. Certificates are found in certificates.go.
//
// The package sits on package wire: an Account is the wire.Authorizer of its
// user's requests. It sends its own requests, for the first contact and for
// tokens, with the http.RoundTripper that it is given. It knows nothing of
// manifests and blobs.
package access
