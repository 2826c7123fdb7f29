package access

import (
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// CredentialError says that looking for the credentials failed. No request was
// sent.
type CredentialError struct{ Err error }

func (e *CredentialError) Error() string { return wire.Plain(e.Err) }
func (e *CredentialError) Unwrap() error { return e.Err }

// Reason returns the reason of an image's result.
func (e *CredentialError) Reason() validate.Reason { return validate.Unauthorized }

// PingError says that the first request to a registry failed.
type PingError struct {
	Err   error
	Login Found // the credentials that were found
}

func (e *PingError) Error() string { return e.Err.Error() }
func (e *PingError) Unwrap() error { return e.Err }

// TokenError says that the token server gave no token.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return e.Err.Error() }
func (e *TokenError) Unwrap() error { return e.Err }
