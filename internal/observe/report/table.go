package report

// table is a map of bounded size from keyed hashes to values, in order of age: a
// full one evicts the oldest. Its memory grows with use up to the bound and is
// kept. The zero value is not usable.
type table[V any] struct {
	index map[uint64]int32
	slots []slot[V]
	bound int
	// oldest and newest are the ends of the list of used slots, free the first
	// of the unused; none where there is none.
	oldest, newest, free int32
	evicted              uint64
}

type slot[V any] struct {
	key          uint64
	older, newer int32
	value        V
}

const none = -1

func newTable[V any](bound int) *table[V] {
	return &table[V]{index: map[uint64]int32{}, bound: bound, oldest: none, newest: none, free: none}
}

func (t *table[V]) len() int { return len(t.index) }

// get returns the value of the key, or nil. It does not change its age.
func (t *table[V]) get(key uint64) *V {
	i, ok := t.index[key]
	if !ok {
		return nil
	}
	return &t.slots[i].value
}

// renew returns the value of the key, zero if it is new, as the newest of all.
func (t *table[V]) renew(key uint64) *V {
	i, ok := t.index[key]
	if ok {
		t.unlink(i)
	} else {
		i = t.take()
		t.index[key] = i
		t.slots[i] = slot[V]{key: key}
	}
	t.link(i)
	return &t.slots[i].value
}

// first returns the oldest key and its value, or nil of an empty table.
func (t *table[V]) first() (uint64, *V) {
	if t.oldest == none {
		return 0, nil
	}
	s := &t.slots[t.oldest]
	return s.key, &s.value
}

// drop forgets a key.
func (t *table[V]) drop(key uint64) {
	i, ok := t.index[key]
	if !ok {
		return
	}
	t.unlink(i)
	delete(t.index, key)
	t.slots[i].newer, t.free = t.free, i
}

// take finds an unused slot; if all are used, the oldest key's.
func (t *table[V]) take() int32 {
	if t.free == none && len(t.slots) < t.bound {
		t.slots = append(t.slots, slot[V]{})
		return int32(len(t.slots) - 1)
	}
	if t.free == none {
		t.evicted++
		t.drop(t.slots[t.oldest].key)
	}
	i := t.free
	t.free = t.slots[i].newer
	return i
}

func (t *table[V]) link(i int32) {
	s := &t.slots[i]
	s.older, s.newer = t.newest, none
	if t.newest == none {
		t.oldest = i
	} else {
		t.slots[t.newest].newer = i
	}
	t.newest = i
}

func (t *table[V]) unlink(i int32) {
	s := &t.slots[i]
	if s.older == none {
		t.oldest = s.newer
	} else {
		t.slots[s.older].newer = s.newer
	}
	if s.newer == none {
		t.newest = s.older
	} else {
		t.slots[s.newer].older = s.older
	}
}
