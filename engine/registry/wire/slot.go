package wire

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// slotTransport limits how many requests are under way at once. A request keeps
// its slot until the body of its answer is closed.
type slotTransport struct {
	slots chan struct{} // holds one value for each request under way; nil means no limit
	next  http.RoundTripper
}

func (t *slotTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.slots == nil {
		return t.next.RoundTrip(request)
	}
	if err := t.take(request.Context()); err != nil {
		return nil, err
	}
	response, err := t.next.RoundTrip(request)
	if err != nil || response.Body == http.NoBody { // the whole answer was read
		<-t.slots
		return response, err
	}
	response.Body = &releasingBody{ReadCloser: response.Body, slots: t.slots}
	return response, nil
}

// take waits for a slot.
func (t *slotTransport) take(ctx context.Context) error {
	select {
	case t.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// releasingBody frees the request's slot when the body is closed.
type releasingBody struct {
	io.ReadCloser
	slots chan struct{}
	once  sync.Once
}

func (b *releasingBody) Close() error {
	defer b.once.Do(func() { <-b.slots })
	return b.ReadCloser.Close()
}
