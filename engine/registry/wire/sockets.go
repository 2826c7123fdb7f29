package wire

import (
	"context"
	"net"
	"sync"
	"time"
)

// sockets makes connections, as many as there is room for. Each connection takes
// a file. A process may open a limited number of files, and the results and the
// failed list need some.
type sockets struct {
	dial  dialer
	room  chan struct{} // holds one value for each connection
	spare func()        // closes the connections that no request uses
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// defaultSockets is how many connections may be open where the system does not
// say how many files a process may open.
const defaultSockets = 512

// spareInterval is how often unused connections are looked for while somebody
// waits for a connection.
const spareInterval = 50 * time.Millisecond

// connect makes a connection as soon as there is room for it.
func (s *sockets) connect(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case s.room <- struct{}{}:
	default:
		if err := s.await(ctx); err != nil {
			return nil, err
		}
	}
	leave := sync.OnceFunc(func() { <-s.room })
	conn, err := s.dial(ctx, network, address)
	if err != nil {
		leave()
		return nil, err
	}
	return &socket{conn, leave}, nil
}

// await waits for room.
func (s *sockets) await(ctx context.Context) error {
	ticker := time.NewTicker(spareInterval)
	defer ticker.Stop()
	for {
		s.spare()
		select {
		case s.room <- struct{}{}:
			return nil
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// socket is a connection that makes room for another when it is closed.
type socket struct {
	net.Conn
	leave func()
}

func (s *socket) Close() error {
	defer s.leave()
	return s.Conn.Close()
}
