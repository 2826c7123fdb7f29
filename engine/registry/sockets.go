package registry

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// How many connections may be open at once: each takes a file, of which a
// process has a limited number, and the results and the failed list need some.

// sockets makes connections, as many as there is room for.
type sockets struct {
	dial  dialer
	room  chan struct{}
	spare func() // closes connections that nobody uses
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// mostSockets is half of the files that the process may open: a connection
// takes more than one while it is being made.
func mostSockets() int {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return 512
	}
	return int(max(1, min(files.Cur, 1<<20)/2))
}

// lookAgain is how often is looked for connections that nobody uses any more,
// while somebody waits for one.
const lookAgain = 50 * time.Millisecond

// connect waits until there is room for another connection.
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

func (s *sockets) await(ctx context.Context) error {
	ticker := time.NewTicker(lookAgain)
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

// socket is a connection whose end makes room for another.
type socket struct {
	net.Conn
	leave func()
}

func (s *socket) Close() error {
	defer s.leave()
	return s.Conn.Close()
}
