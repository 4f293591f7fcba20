package server

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// silentGrace is how long, at the end, a connection without a request may take
// to bring one: a connection that was just accepted has one on its way.
const silentGrace = 200 * time.Millisecond

// silent holds the connections on which nothing was asked yet. Browsers open
// some ahead of need, and http.Server.Shutdown would wait five seconds for them.
type silent struct {
	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
}

func newSilent() *silent { return &silent{open: make(map[net.Conn]struct{})} }

// note is told by net/http of each connection's state.
func (s *silent) note(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(s.open, c)
	case s.closed:
		_ = c.Close() // nothing was asked
	default:
		s.open[c] = struct{}{}
	}
}

// close closes them, now and from now on.
func (s *silent) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		_ = c.Close() // nothing was asked
	}
	clear(s.open)
}
