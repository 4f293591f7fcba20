package export

import (
	"slices"
	"time"
)

// The bounds of reassembly. Datagrams of flow export are a few fragments long
// and their fragments come together.
const (
	maxPending        = 64                      // datagrams at once
	maxFragments      = 64                      // of one datagram
	maxDatagram       = 65_535                  // bytes
	fragmentPatience  = int64(30 * time.Second) // RFC 791, 3.2 suggests 15 s, RFC 8200, 4.5 wants 60
	fragmentAlignment = 8                       // bytes; of all but the last
)

// fragmentKey tells whose fragments belong together (RFC 791, 3.2; RFC 8200, 4.5).
type fragmentKey struct {
	ends
	id       uint32
	protocol uint8
}

// pendingDatagram is a datagram of which some fragments have come.
type pendingDatagram struct {
	key    fragmentKey
	since  int64
	total  int // length of the whole; 0 while the last fragment has not come
	pieces []piece
	data   []byte
}

// piece is a stretch of bytes that has come.
type piece struct{ from, to int }

// fragments puts datagrams together.
type fragments struct {
	pending []pendingDatagram // the oldest first
	// given up: overtaken, overlapping or too long
	incomplete uint64
}

// add takes in a fragment that arrived at a time. With the last one missing it
// sets the packet's body to that of the whole, valid until the next call, and
// returns how many fragments made it.
func (f *fragments) add(p *packet, at int64) (made int, whole bool) {
	f.expire(at)
	length := len(p.body)
	if p.missing > 0 || length == 0 || p.offset+length > maxDatagram || p.more && length%fragmentAlignment != 0 {
		f.incomplete++
		return 0, false
	}
	d := f.find(fragmentKey{p.ends, p.id, p.protocol}, at)
	next := piece{p.offset, p.offset + length}
	switch {
	case slices.Contains(d.pieces, next): // came twice
		return 0, false
	case d.contradicts(next, p.more) || len(d.pieces) == maxFragments:
		f.drop(d.key)
		return 0, false
	}
	d.take(next, p.body)
	if !p.more {
		d.total = next.to
	}
	if !d.complete() {
		return 0, false
	}
	p.body, p.fragmented, p.more, p.offset = d.data[:d.total], false, false, 0
	made = len(d.pieces)
	f.remove(d.key)
	return made, true
}

// find returns the datagram that a key stands for; the oldest makes room for a
// new one.
func (f *fragments) find(key fragmentKey, at int64) *pendingDatagram {
	if i := f.index(key); i >= 0 {
		return &f.pending[i]
	}
	if len(f.pending) == maxPending {
		f.drop(f.pending[0].key)
	}
	f.pending = append(f.pending, pendingDatagram{key: key, since: at})
	return &f.pending[len(f.pending)-1]
}

func (f *fragments) index(key fragmentKey) int {
	return slices.IndexFunc(f.pending, func(d pendingDatagram) bool { return d.key == key })
}

func (f *fragments) remove(key fragmentKey) {
	if i := f.index(key); i >= 0 {
		f.pending = slices.Delete(f.pending, i, i+1)
	}
}

// drop gives a datagram up.
func (f *fragments) drop(key fragmentKey) {
	f.remove(key)
	f.incomplete++
}

// expire gives up what waits for too long by the capture's time.
func (f *fragments) expire(at int64) {
	for len(f.pending) > 0 && at-f.pending[0].since > fragmentPatience {
		f.drop(f.pending[0].key)
	}
}

// lost counts the datagrams given up, with those that still wait.
func (f *fragments) lost() uint64 { return f.incomplete + uint64(len(f.pending)) }

// contradicts tells whether a piece overlaps what has come (which no honest
// sender does, RFC 5722) or lies beyond the end.
func (d *pendingDatagram) contradicts(next piece, more bool) bool {
	if !more && d.total != 0 || d.total != 0 && next.to > d.total {
		return true
	}
	for _, p := range d.pieces {
		if next.from < p.to && p.from < next.to || !more && p.to > next.to {
			return true
		}
	}
	return false
}

func (d *pendingDatagram) take(next piece, body []byte) {
	d.pieces = append(d.pieces, next)
	if missing := next.to - len(d.data); missing > 0 {
		d.data = append(d.data, make([]byte, missing)...)
	}
	copy(d.data[next.from:], body)
}

// complete tells whether the pieces, of which none overlap, make up the whole.
func (d *pendingDatagram) complete() bool {
	if d.total == 0 {
		return false
	}
	sum := 0
	for _, p := range d.pieces {
		sum += p.to - p.from
	}
	return sum == d.total
}
