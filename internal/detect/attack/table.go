package attack

import "downpour"

// table holds the targets of a partition: an open-addressing index over entries
// in chunks, so that growth moves no entry and pointers to them stay valid.
type table struct {
	key uint64
	// index holds an entry's number + 1 below and bits of its address's hash
	// above, so that a probe looks at no entry but the one sought.
	index  []uint64
	last   *target // found last: in a flood mostly the next, too
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
	return table{key: key, limit: max(limit, 1), index: make([]uint64, chunk)}
}

func (t *table) entry(i int) *target { return &t.chunks[i/chunk][i%chunk] }

// find returns the target of an address, or nil.
func (t *table) find(a downpour.Address) *target {
	if e := t.last; e != nil && e.address == a {
		return e
	}
	if e := t.lookUp(a); e != nil {
		t.last = e
		return e
	}
	return nil
}

// lookUp is find without a memory of its own.
func (t *table) lookUp(a downpour.Address) *target {
	index := t.index
	mask := uint64(len(index) - 1)
	tag := a.Hash(t.key)
	for h := tag; ; h++ {
		slot := index[h&mask]
		if slot == 0 {
			return nil
		}
		if slot>>entryBits == tag>>entryBits {
			if e := t.entry(int(slot&(1<<entryBits-1)) - 1); e.address == a {
				return e
			}
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
		if t.used*4 > len(t.index) {
			t.grow()
		}
	}
	e := t.entry(i)
	*e = target{address: a, first: now, start: now}
	t.link(i)
	return e
}

// least picks what to evict: what received least of late, so that a sweep over
// many addresses evicts its own; never what is followed closely, nor what is busy
// enough to have a season or to be told of in this minute.
func (t *table) least(now int64) int {
	best, least := -1, uint32(0)
	for range handReach {
		i := t.hand
		if t.hand++; t.hand == t.limit {
			t.hand = 0
		}
		e := t.entry(i)
		if e.suspect != nil || e.season != 0 || e.minutes != 0 {
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
	tag := t.entry(i).address.Hash(t.key)
	h := tag & mask
	for t.index[h] != 0 {
		h = (h + 1) & mask
	}
	t.index[h] = tag>>entryBits<<entryBits | uint64(i+1)
}

// unlink takes an entry out of the index and closes the gap (Knuth, TAOCP 3,
// 6.4, algorithm R).
func (t *table) unlink(i int) {
	if e := t.entry(i); t.last == e {
		t.last = nil
	}
	mask := uint64(len(t.index) - 1)
	gap := t.entry(i).address.Hash(t.key) & mask
	for t.index[gap]&(1<<entryBits-1) != uint64(i+1) {
		gap = (gap + 1) & mask
	}
	for h := (gap + 1) & mask; t.index[h] != 0; h = (h + 1) & mask {
		home := t.entry(int(t.index[h]&(1<<entryBits-1))-1).address.Hash(t.key) & mask
		if (h-home)&mask >= (h-gap)&mask {
			t.index[gap] = t.index[h]
			gap = h
		}
	}
	t.index[gap] = 0
}

func (t *table) grow() {
	t.index = make([]uint64, 2*len(t.index))
	for i := range t.used - 1 {
		t.link(i)
	}
}
