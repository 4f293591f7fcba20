package attack

import "downpour"

// table holds the targets of a partition: an open-addressing index over entries
// in chunks, so that growth moves no entry and pointers to them stay valid.
type table struct {
	key    uint64
	index  []uint32 // entry number + 1; 0 is empty
	chunks []*[chunk]target
	used   int // entries in use
	limit  int
	hand   int // where the search for something to evict goes on
	shed   uint64
}

const (
	chunk     = 64
	handReach = 8           // entries looked at to find the one of least worth
	forgotten = 10 * second // after which what a target received counts no more
)

func newTable(key uint64, limit int) table {
	return table{key: key, limit: max(limit, 1), index: make([]uint32, chunk)}
}

func (t *table) entry(i int) *target { return &t.chunks[i/chunk][i%chunk] }

// find returns the target of an address, or nil.
func (t *table) find(a downpour.Address) *target {
	mask := uint64(len(t.index) - 1)
	for h := a.Hash(t.key) & mask; ; h = (h + 1) & mask {
		i := t.index[h]
		if i == 0 {
			return nil
		}
		if e := t.entry(int(i - 1)); e.address == a {
			return e
		}
	}
}

// admit makes an entry for an address that is not in the table. When the table
// is full the one of least worth, of a few, gives way; nil if none may.
func (t *table) admit(a downpour.Address, now int64) *target {
	i := t.used
	if i == t.limit {
		if i = t.least(now); i < 0 {
			t.shed++
			return nil
		}
		t.shed++
		t.unlink(i)
	} else {
		t.used++
		if t.used > len(t.chunks)*chunk {
			t.chunks = append(t.chunks, new([chunk]target))
		}
		if t.used*2 > len(t.index) {
			t.grow()
		}
	}
	e := t.entry(i)
	*e = target{address: a, first: now, start: now}
	t.link(i)
	return e
}

// least picks what to evict: what received least of late, so that a sweep over
// many addresses evicts its own; never what is followed closely.
func (t *table) least(now int64) int {
	best, least := -1, uint32(0)
	for range handReach {
		i := t.hand
		if t.hand++; t.hand == t.limit {
			t.hand = 0
		}
		e := t.entry(i)
		if e.suspect != nil {
			continue
		}
		worth := e.load
		if now-e.start >= forgotten {
			worth = 0
		}
		if best < 0 || worth < least {
			best, least = i, worth
		}
	}
	return best
}

func (t *table) link(i int) {
	mask := uint64(len(t.index) - 1)
	h := t.entry(i).address.Hash(t.key) & mask
	for t.index[h] != 0 {
		h = (h + 1) & mask
	}
	t.index[h] = uint32(i + 1)
}

// unlink takes an entry out of the index and closes the gap (Knuth, TAOCP 3,
// 6.4, algorithm R).
func (t *table) unlink(i int) {
	mask := uint64(len(t.index) - 1)
	gap := t.entry(i).address.Hash(t.key) & mask
	for t.index[gap] != uint32(i+1) {
		gap = (gap + 1) & mask
	}
	for h := (gap + 1) & mask; t.index[h] != 0; h = (h + 1) & mask {
		home := t.entry(int(t.index[h]-1)).address.Hash(t.key) & mask
		if (h-home)&mask >= (h-gap)&mask {
			t.index[gap] = t.index[h]
			gap = h
		}
	}
	t.index[gap] = 0
}

func (t *table) grow() {
	t.index = make([]uint32, 2*len(t.index))
	for i := range t.used - 1 {
		t.link(i)
	}
}
