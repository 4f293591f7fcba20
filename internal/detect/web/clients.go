package web

import (
	"math"
	"slices"

	"downpour"
)

// clients is a uniform sample of a site's clients: those with the smallest keyed
// hashes (bottom-k; Cohen and Kaplan 2007). Who is in has been since its first
// request, as long as it was not silent for long.
type clients struct {
	key       uint64
	limit     int
	threshold uint64   // hashes above it are not kept
	index     []uint32 // number + 1 in entries
	entries   []client
}

func newClients(key uint64, limit int) clients {
	return clients{key: key, limit: limit, threshold: math.MaxUint64, index: make([]uint32, 256)}
}

// of returns the client of an address, made if need be; nil if it is not sampled.
// Those that have been silent since before are let go first where room is needed.
func (t *clients) of(a downpour.Address, before int64) *client {
	h := a.Hash(t.key)
	if h > t.threshold {
		return nil
	}
	mask := uint64(len(t.index) - 1)
	i := h & mask
	for ; t.index[i] != 0; i = (i + 1) & mask {
		if c := &t.entries[t.index[i]-1]; c.Address == a {
			return c
		}
	}
	if len(t.entries) >= t.limit {
		t.makeRoom(before)
		return t.of(a, before)
	}
	if 4*len(t.entries) >= 3*len(t.index) {
		t.index = make([]uint32, 2*len(t.index))
		t.reindex()
		return t.of(a, before)
	}
	t.entries = append(t.entries, client{Address: a})
	t.index[i] = uint32(len(t.entries))
	return &t.entries[len(t.entries)-1]
}

// makeRoom lets those go that have been silent since before; if they are few, of
// the others a quarter, by their hashes.
func (t *clients) makeRoom(before int64) {
	room := t.limit / 4
	n := len(t.entries)
	t.keep(func(c *client) bool { return c.last >= before })
	if n-len(t.entries) < room {
		t.cut(len(t.entries) - room)
	}
	t.reindex()
}

// cut keeps the n clients with the smallest hashes, of more. The index is not made anew.
func (t *clients) cut(n int) {
	hashes := make([]uint64, len(t.entries))
	for i := range t.entries {
		hashes[i] = t.entries[i].Hash(t.key)
	}
	slices.Sort(hashes)
	t.threshold = hashes[n-1]
	t.keep(func(c *client) bool { return c.Hash(t.key) <= t.threshold })
}

// fit makes an index of the size that the clients need.
func (t *clients) fit() {
	size := 256
	for 4*len(t.entries) >= 3*size {
		size *= 2
	}
	t.index = make([]uint32, size)
	t.reindex()
}

func (t *clients) keep(stays func(*client) bool) {
	kept := 0
	for i := range t.entries {
		if stays(&t.entries[i]) {
			t.entries[kept] = t.entries[i]
			kept++
		}
	}
	t.entries = t.entries[:kept]
}

// widen samples all again, where so few are left that all have room.
func (t *clients) widen(before int64) {
	if t.threshold == math.MaxUint64 {
		return
	}
	t.keep(func(c *client) bool { return c.last >= before })
	t.reindex()
	if 8*len(t.entries) < t.limit {
		t.threshold = math.MaxUint64
	}
}

func (t *clients) reindex() {
	clear(t.index)
	mask := uint64(len(t.index) - 1)
	for n := range t.entries {
		i := t.entries[n].Hash(t.key) & mask
		for t.index[i] != 0 {
			i = (i + 1) & mask
		}
		t.index[i] = uint32(n + 1)
	}
}

// complete tells whether every client is in the sample.
func (t *clients) complete() bool { return t.threshold == math.MaxUint64 }

// share is the chance that a client is sampled.
func (t *clients) share() float64 {
	if t.complete() {
		return 1
	}
	return float64(t.threshold) / math.MaxUint64
}
