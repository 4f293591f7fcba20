package sflow

import "math"

// maxSources bounds the data sources whose sampling is followed, of one exporter:
// the ports of the largest chassis. Samples of others are decoded all the same.
const maxSources = 4096

// maxProbes bounds the search for one. In a table half full so many in a row are
// taken by intent only.
const maxProbes = 64

// follows is how many samples may be missing between two of a data source that
// are compared; beyond it the counters are taken anew, since the source may be.
const follows = 1 << 16

// halve is the number of samples after which older ones count half.
const halve = 1 << 14

// sourceState is what a data source of an exporter (mostly an interface) tells of how
// it samples.
type sourceState struct {
	SubAgent uint32
	// Class is 0 where Index is an interface's; 1 a VLAN's, 2 an entity's.
	Class, Index uint32
	// Sampling is the rate last told: one of so many packets.
	Sampling uint32
	// Effective is the rate that the agent's own counters show: packets that could
	// have been sampled, for each sample taken; 0 if it doesn't count them.
	Effective float64
	// Apart tells that Effective and Sampling differ by more than chance does, and
	// by more than a tenth: the agent drops samples, or tells a wrong rate.
	Apart bool
	// Drops are samples that the agent says it dropped, since we have listened.
	Drops uint64
}

// source follows a data source.
type source struct {
	key      sourceKey
	sequence uint32
	pool     uint32
	drops    uint32
	rate     uint32

	taken   uint64 // samples that the agent took since the rate was told, by its numbers
	passed  uint64 // packets that could have been sampled meanwhile
	dropped uint64
}

// sourceKey tells a data source among those of an exporter.
type sourceKey struct{ subAgent, class, index uint32 }

// sources are the data sources of an exporter.
type sources struct {
	known  []source
	slots  []uint16 // places in known, plus 1; open addressing, at most half full
	recent int
}

// note takes what a sample says of its source; it returns how many samples the
// agent dropped since the one before, and whether there was room for the source.
func (t *sources) note(subAgent uint32, s *sample) (drops uint64, room bool) {
	key := sourceKey{subAgent, s.class, s.index}
	if t.recent >= len(t.known) || t.known[t.recent].key != key {
		i := t.find(key)
		if i < 0 {
			return 0, false
		}
		t.recent = i
	}
	return t.known[t.recent].note(s), true
}

// note compares a sample with the one before.
func (t *source) note(s *sample) (drops uint64) {
	step := s.sequence - t.sequence
	if t.rate == s.rate && int32(step) <= 0 && int32(step) > -window {
		return 0 // late, and in what followed already
	}
	if t.rate != s.rate {
		t.taken, t.passed = 0, 0
	} else if step <= follows && int32(step) > 0 {
		t.taken += uint64(step)
		t.passed += uint64(s.pool - t.pool)
		if lost := s.drops - t.drops; int32(lost) > 0 {
			drops = uint64(lost)
		}
	}
	if t.taken >= halve {
		t.taken, t.passed = t.taken/2, t.passed/2
	}
	t.dropped += drops
	t.sequence, t.pool, t.drops, t.rate = s.sequence, s.pool, s.drops, s.rate
	return drops
}

// find is the place of a source among the known ones, to which it is added; -1
// if there are too many.
func (t *sources) find(key sourceKey) int {
	if 2*len(t.known) >= len(t.slots) {
		t.grow()
	}
	mask := uint32(len(t.slots) - 1)
	at := key.hash() & mask
	for range maxProbes {
		switch i := int(t.slots[at]) - 1; {
		case i < 0 && len(t.known) >= maxSources:
			return -1
		case i < 0:
			t.known = append(t.known, source{key: key})
			t.slots[at] = uint16(len(t.known))
			return len(t.known) - 1
		case t.known[i].key == key:
			return i
		}
		at = (at + 1) & mask
	}
	return -1
}

// grow doubles the slots.
func (t *sources) grow() {
	t.slots = make([]uint16, max(16, 2*len(t.slots)))
	mask := uint32(len(t.slots) - 1)
	for i := range t.known {
		at := t.known[i].key.hash() & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = uint16(i + 1)
	}
}

// hash spreads the keys. They may be chosen to collide, hence maxProbes.
func (k sourceKey) hash() uint32 {
	h := uint64(k.index)*0x9e3779b97f4a7c15 ^ uint64(k.subAgent)*0xff51afd7ed558ccd ^ uint64(k.class)<<40
	return uint32(h >> 32)
}

// leastTaken is how many samples it takes to speak of an effective rate.
const leastTaken = 100

// tell says what is known of a source.
func (t *source) tell() sourceState {
	s := sourceState{SubAgent: t.key.subAgent, Class: t.key.class, Index: t.key.index, Sampling: t.rate, Drops: t.dropped}
	if t.taken < leastTaken || t.passed == 0 {
		return s
	}
	s.Effective = float64(t.passed) / float64(t.taken)
	// Between samples a geometric number of packets passes, whose deviation is its
	// mean; four standard errors are beyond chance.
	told := float64(t.rate)
	off := math.Abs(s.Effective - told)
	s.Apart = off > told/10 && off > 4*told/math.Sqrt(float64(t.taken))
	return s
}
