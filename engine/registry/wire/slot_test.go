package wire

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlot shows when a request gets a slot, and when it frees the slot.
func TestSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		var failure error
		transport := &slotTransport{slots: make(chan struct{}, 2), next: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent++
			return answer(r, http.StatusOK, "body"), failure
		})}
		send := func(ctx context.Context) (*http.Response, error) {
			return transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/").WithContext(ctx))
		}
		first, _ := send(t.Context())
		send(t.Context())
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := send(short); err != context.DeadlineExceeded || sent != 2 {
			t.Errorf("a third request got %v, and %d were sent", err, sent)
		}

		third := make(chan struct{})
		go func() {
			defer close(third)
			send(t.Context())
		}()
		synctest.Wait()
		if sent != 2 {
			t.Errorf("%d requests are under way", sent)
		}
		first.Body.Close()
		first.Body.Close() // a second Close must not free another slot
		<-third
		if sent != 3 || len(transport.slots) != 2 {
			t.Errorf("%d requests were sent, %d slots are taken", sent, len(transport.slots))
		}

		// A request that fails keeps no slot. Without a limit there are no slots.
		<-transport.slots
		failure = errRefused
		if _, err := send(t.Context()); err != errRefused || len(transport.slots) != 1 {
			t.Errorf("got %v, and %d slots are taken", err, len(transport.slots))
		}
		transport.slots = nil
		for range 10 {
			send(t.Context())
		}
		if sent != 14 {
			t.Errorf("%d requests were sent, want 14", sent)
		}
	})
}
