package access

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"mvrun/validate"
)

// maxRefusals is how often credentials are refused, without ever an acceptance,
// before they are sent no more. Many registries lock an account after five or ten
// wrong passwords.
const maxRefusals = 3

// trial finds out whether a registry, or its token server, accepts the credentials
// of a session. Until it has accepted them once, one request at a time carries them.
// So wrong credentials are sent maxRefusals times, not once for each image.
type trial struct {
	accepted atomic.Bool
	turn     chan struct{} // holds a value while a request carries credentials that were not accepted yet
	refusals int           // in a row; whoever has the turn may use it
}

func newTrial() *trial { return &trial{turn: make(chan struct{}, 1)} }

// begin waits until a request may carry the credentials. The caller must then call
// done, with the status of the answer, or 0 if there was none.
func (t *trial) begin(ctx context.Context) (done func(status int), err error) {
	if t.accepted.Load() {
		return func(int) {}, nil
	}
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	switch {
	case t.accepted.Load():
		<-t.turn
		return func(int) {}, nil
	case t.refusals >= maxRefusals:
		<-t.turn
		return nil, &LockedError{t.refusals}
	}
	return t.end, nil
}

// end gives up the turn. An answer other than 401 shows that the registry knows whose
// request this is, unless its server is broken.
func (t *trial) end(status int) {
	switch {
	case status == http.StatusUnauthorized:
		t.refusals++
	case status >= 200 && status < 400, status == http.StatusForbidden, status == http.StatusNotFound:
		t.accepted.Store(true)
	}
	<-t.turn
}

// LockedError says that credentials are sent no more, since they were refused too
// often.
type LockedError struct{ Refusals int }

func (e *LockedError) Error() string {
	return fmt.Sprintf("401 Unauthorized, %d times: these credentials are sent no more in this run, because wrong ones can lock an account", e.Refusals)
}

// Reason returns the reason of an image's result.
func (e *LockedError) Reason() validate.Reason { return validate.Unauthorized }
