package traffic

import (
	"fmt"
	"net/netip"
	"slices"
)

// Real traffic amid made: a stream's File. Its packets keep their addresses and their
// distances in time, and come from the stream's From on; those toward the recipe's Host are
// the attack's, of the stream's Kind, unless the stream is usual traffic.

// Real is a packet of a capture.
type Real struct {
	At                  int64  // nanoseconds since the epoch
	IP                  []byte // from its header on
	Source, Destination netip.Addr
}

// Open takes in the captures that streams name. It must be called before Make where
// there are any (see Spliced).
func (r *Recipe) Open(read func(file string) ([]Real, error)) (err error) {
	for i := range r.Streams {
		s := &r.Streams[i]
		if s.File == "" {
			continue
		}
		if s.packets, err = read(s.File); err != nil {
			return fmt.Errorf("stream %d: %w", i+1, err)
		}
		if !slices.ContainsFunc(s.packets, func(p Real) bool { return p.Destination == r.Host }) {
			return fmt.Errorf("stream %d: %s: nothing in it goes to the host %s", i+1, s.File, r.Host)
		}
	}
	return nil
}

// Spliced tells whether a stream of the recipe is a capture.
func (r *Recipe) Spliced() bool {
	return slices.ContainsFunc(r.Streams, func(s Stream) bool { return s.File != "" })
}

// splice adds the packets of a stream that is a capture.
func (m *maker) splice(s *Stream) {
	first := s.packets[0].At
	for i := range s.packets {
		first = min(first, s.packets[i].At)
	}
	begin := m.recipe.Start.Add(s.From).UnixNano()
	for i := range s.packets {
		p := &s.packets[i]
		if later := p.At - first; later < int64(s.Lasts) {
			m.out = append(m.out, sent{
				at: begin + later, bytes: p.IP, from: p.Source, to: p.Destination, stream: m.stream,
				attack: p.Destination == m.recipe.Host && !s.usual(),
			})
		}
	}
}
