package netflow

import (
	"encoding/binary"
	"testing"

	"downpour/internal/observe/flow"
)

// hostile is a message of IPFIX of whole sets.
func hostile(domain uint32, sets ...[]byte) []byte {
	b := make([]byte, header10Size)
	b[1], b[4] = 10, 0x69
	binary.BigEndian.PutUint32(b[12:], domain)
	for _, s := range sets {
		b = append(b, s...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func hostileSet(id uint16, content ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	return append(binary.BigEndian.AppendUint16(b, uint16(setSize+len(content))), content...)
}

// TestFieldsWithoutContent: 60 KB of records of one byte and a thousand empty
// fields took 0.8 s to read, so such a template is none.
func TestFieldsWithoutContent(t *testing.T) {
	for _, c := range []struct {
		empty  int
		refuse uint64
	}{{3, 0}, {maxEmpty + 1, 0}, {maxEmpty + 2, 1}, {1000, 1}} {
		content := binary.BigEndian.AppendUint16([]byte{1, 44}, uint16(c.empty+1))
		content = append(content, 0, 8, 0xff, 0xff)
		for range c.empty {
			content = append(content, 3, 0xe7, 0, 0)
		}
		d := New(Config{Stream: true})
		d.Decode(nil, hostile(1, hostileSet(templates10, content...)), 1)
		if got := d.Stats().Refused[flow.BadTemplate]; got != c.refuse {
			t.Errorf("%d empty fields: refused %d", c.empty, got)
		}
	}
}

// TestRatesToldAgainAndAgain: a message that flips a rate between its records, or
// names samplers that nobody told of, looks through all domains a few times only;
// 60 KB of them took 0.5 s. The next message has it right.
func TestRatesToldAgainAndAgain(t *testing.T) {
	d := New(Config{Stream: true})
	options := hostileSet(options10, 1, 44, 0, 2, 0, 1, 1, 46, 0, 1, 0, 34, 0, 1) // selectorId, samplingInterval
	flows := hostileSet(templates10, 1, 45, 0, 2, 0, 8, 0, 4, 1, 46, 0, 1)        // sourceIPv4Address, selectorId
	for domain := range uint32(200) {
		d.Decode(nil, hostile(domain, options, flows), 1)
	}
	var sets []byte
	for i := range 1000 {
		sets = append(sets, hostileSet(300, 1, byte(2+i%7))...)
		sets = append(sets, hostileSet(301, 192, 0, 2, 1, byte(i))...)
	}
	d.Decode(nil, hostile(1, sets), 1)
	if d.settlements != maxSettlements || d.lookups != maxLookups {
		t.Errorf("%d settlements, %d lookups", d.settlements, d.lookups)
	}
	got, _ := d.Decode(nil, hostile(1, hostileSet(300, 1, 99), hostileSet(301, 192, 0, 2, 1, 1)), 1)
	if len(got) != 1 || got[0].Sampling != 99 {
		t.Errorf("%+v", got)
	}
}

// TestGivingUpMovesNothing: thousands of tiny sets in one datagram each push one
// out; moving the rest up for each took 80 ms.
func TestGivingUpMovesNothing(t *testing.T) {
	d := New(Config{Stream: true})
	for range maxWaiting {
		d.Decode(nil, hostile(1, hostileSet(400, 1)), 1)
	}
	next := &d.waiting.sets[1]
	d.giveUp(1)
	if &d.waiting.sets[0] != next || len(d.waiting.sets) != maxWaiting-1 || d.waiting.bytes != (maxWaiting-1)*(lead+1) {
		t.Errorf("%d sets of %d bytes", len(d.waiting.sets), d.waiting.bytes)
	}
}
