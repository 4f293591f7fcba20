package engine_test

import (
	"encoding/binary"
	"testing"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

// FuzzHold: whatever the times, durations and delays, every packet and byte is
// shown once or counted as late, in the order of seconds.
func FuzzHold(f *testing.F) {
	f.Add([]byte("\x00\x10\x00\x00\x00\x00\x00\x00\x3c\x01\x20\x00\x30\xff\xff\x01\x3d\x00\x00\x00\x02\x00\x00\x3c"))
	f.Add([]byte{255, 255, 127, 3, 200, 0, 9, 60, 1, 0, 128, 1, 1, 255, 3, 0, 7, 9, 80, 4, 0, 0, 60, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, m := metered(t, engine.Config{})
		m.unordered = true // without a delay flows that are late are shown when they come
		var sent, packets uint64
		now := start
		for ; len(data) >= 8; data = data[8:] {
			now += int64(data[0]) * int64(data[0]) * second / 64
			b := &observe.Batch{Delay: int64(data[1]) * second / 2}
			if data[2]&1 != 0 {
				b.Now = now
			}
			back := int64(int16(binary.BigEndian.Uint16(data[3:])))
			fl := downpour.Flow{
				Time: now - back*back*back*1e3, Duration: uint32(data[5]) << (data[2] >> 4),
				Packets: uint32(data[6])<<data[2]&7 + 1, Bytes: uint64(data[7]) << (data[2] >> 3), Sampling: 1,
			}
			if data[2]&2 != 0 {
				b.Flows = []downpour.Flow{fl, fl}
				packets += 2 * uint64(fl.Packets)
				sent += 2 * fl.Bytes
			}
			e.Feed(b)
		}
		e.Finish()
		late := e.Hold().Late
		for _, n := range m.packets {
			packets -= n
		}
		for _, n := range m.bytes {
			sent -= n
		}
		if packets != late.Packets || sent != late.Bytes || e.Hold().Held != 0 {
			t.Errorf("%d packets and %d bytes are not shown; late: %+v", packets, sent, late)
		}
	})
}
