package wire

import (
	"context"
	"net"
	"sync"
	"time"
)

// sockets limits how many connections are open at once. Each connection counts as an
// open file, and a process may open only a limited number of files. Some must be left
// for the results file and the failed list.
type sockets struct {
	dial      dialer
	room      chan struct{} // holds one value for each open connection
	closeIdle func()        // closes the connections that no request uses
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// defaultSockets is how many connections may be open if the system does not say how
// many files a process may open.
const defaultSockets = 512

// closeIdleInterval is how often unused connections are closed while somebody waits
// for a connection.
const closeIdleInterval = 50 * time.Millisecond

// connect makes a connection. If too many connections are open, it waits until one is
// closed.
func (s *sockets) connect(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case s.room <- struct{}{}:
	default:
		if err := s.await(ctx); err != nil {
			return nil, err
		}
	}
	release := sync.OnceFunc(func() { <-s.room })
	conn, err := s.dial(ctx, network, address)
	if err != nil {
		release()
		return nil, err
	}
	return &socket{conn, release}, nil
}

// await waits until another connection may be opened.
func (s *sockets) await(ctx context.Context) error {
	ticker := time.NewTicker(closeIdleInterval)
	defer ticker.Stop()
	for {
		s.closeIdle()
		select {
		case s.room <- struct{}{}:
			return nil
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// socket is a connection. When it is closed, another connection may be opened.
type socket struct {
	net.Conn
	release func()
}

func (s *socket) Close() error {
	defer s.release()
	return s.Conn.Close()
}
