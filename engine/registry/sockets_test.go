package registry_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
)

// A process may be allowed to open only few files. Then a new connection waits until
// another one is closed, even if that one leads to another registry. No image is lost.
func TestFewSockets(t *testing.T) {
	const most, registries, images = 3, 5, 20
	r, _, _ := filled()
	slow := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		time.Sleep(10 * time.Millisecond) // by synctest's clock
		r.ServeHTTP(w, request)
	})
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		for i := range registries {
			network.serve(t, fmt.Sprintf("r%d.example.com:443", i), slow)
		}
		var open, peak atomic.Int64
		dial := func(ctx context.Context, net, address string) (net.Conn, error) {
			conn, err := network.dial(ctx, net, address)
			if err != nil {
				return nil, err
			}
			for now := open.Add(1); ; {
				was := peak.Load()
				if now <= was || peak.CompareAndSwap(was, now) {
					break
				}
			}
			return &counting{Conn: conn, open: &open}, nil
		}
		c := newClient(t, registry.Options{Insecure: true, Dial: dial, Conns: 100, Sockets: most})
		var readers sync.WaitGroup
		for i := range registries * images {
			readers.Go(func() {
				host := fmt.Sprintf("r%d.example.com", i%registries)
				image := imagelist.Image{Source: host + "/library/app", Destination: host + "/library/app", Tag: "1"}
				if _, _, err := c.Read(t.Context(), image, manifest); err != nil {
					t.Error(err)
				}
			})
		}
		readers.Wait()
		if peak.Load() > most {
			t.Errorf("%d connections at once, want %d at the most", peak.Load(), most)
		}
	})
}

// counting is a connection that takes one off the number of open ones when it is
// closed.
type counting struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counting) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
