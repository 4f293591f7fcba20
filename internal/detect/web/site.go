package web

import (
	"strings"

	"downpour"
)

// ringLength is how many seconds a site remembers, a power of two.
const ringLength = 256

// site is a host of a service (or the service, for requests that name no host)
// and how many requests it gets.
type site struct {
	service, host string
	hash          uint64
	born          int64 // second of its first request
	now           int64 // latest second that the ring holds
	ring          [ringLength]uint32
	// usual is a decayed maximum of the rate over the judged window, mean its
	// running mean, both requests/s.
	usual, mean float64
	watch       *watch // nil while it is quiet
	refused     int64  // second in which there was last no place to watch it
}

// advance makes room in the ring up to a second.
func (s *site) advance(sec int64) {
	if sec-s.now >= ringLength {
		clear(s.ring[:])
		s.now = sec
		return
	}
	for s.now < sec {
		s.now++
		s.ring[s.now%ringLength] = 0
	}
}

// holds tells whether the ring still holds a second.
func (s *site) holds(sec int64) bool { return sec <= s.now && sec > s.now-ringLength }

// sum is the number of requests in the seconds from (included) to to (not
// included), as far as they are held.
func (s *site) sum(from, to int64) (n uint64) {
	for t := max(from, s.now-ringLength+1); t < to && t <= s.now; t++ {
		n += uint64(s.ring[t%ringLength])
	}
	return n
}

// rate is the mean rate of the window of seconds before sec.
func (s *site) rate(sec int64) float64 { return float64(s.sum(sec-window, sec)) / window }

// target is what an attack on the site is on.
func (s *site) target() downpour.Target {
	if s.host == "" {
		return downpour.Target{Name: s.service}
	}
	return downpour.Target{Name: s.host}
}

// sites finds sites by service and host (open addressing over a keyed hash).
type sites struct {
	key   uint64
	limit int
	index []uint32 // number + 1 in list
	list  []*site
	shed  uint64 // requests that count for their service since their host has no place
}

func newSites(key uint64, limit int) sites {
	size := 1
	for size < 2*limit {
		size *= 2
	}
	return sites{key: key, limit: limit, index: make([]uint32, size)}
}

// longestHost is the longest name that is kept (RFC 1035, 2.3.4); what is
// longer is no host.
const longestHost = 253

// of returns the site of a service and host, made if need be; that of the whole
// service once there are as many as may be. nil if that has no place either.
func (t *sites) of(service, host string, now int64) *site {
	if len(host) > longestHost {
		host = ""
	}
	h := hashText(host, hashText(service, t.key))
	mask := uint64(len(t.index) - 1)
	i := h & mask
	for ; t.index[i] != 0; i = (i + 1) & mask {
		if s := t.list[t.index[i]-1]; s.hash == h && s.host == host && s.service == service {
			return s
		}
	}
	// An eighth is kept for services as a whole.
	if len(t.list) >= t.limit-t.limit/8 && host != "" {
		t.shed++
		return t.of(service, "", now)
	}
	if len(t.list) >= t.limit {
		return nil
	}
	s := &site{service: strings.Clone(service), host: strings.Clone(host), hash: h, born: now, now: now}
	t.list = append(t.list, s)
	t.index[i] = uint32(len(t.list))
	return s
}
