package attack

import (
	"encoding/binary"
	"testing"

	"downpour"
)

// record is how many bytes of a fuzzer's input make one flow.
const record = 32

// flowOf makes a flow of any bytes: few addresses, so that they meet.
func flowOf(b []byte, last int64) (f downpour.Flow, tick bool) {
	word := binary.LittleEndian
	f = downpour.Flow{
		Time:        last + int64(int32(word.Uint32(b)))*int64(b[4])*int64(b[4]),
		Source:      address(10, 0, 0, b[5]%8),
		Destination: address(10, 0, 0, b[6]%8),
		Bytes:       word.Uint64(b[7:]), Packets: word.Uint32(b[15:]) >> (b[19] & 31), Sampling: word.Uint32(b[20:]) >> (b[24] & 31),
		SourcePort: uint16(b[25]), DestinationPort: uint16(b[26]), Protocol: b[27] & 63, TCPFlags: b[28],
		Fragment: downpour.Fragment(b[29] % 3), Mark: downpour.PayloadMark(b[30]), ICMPType: b[31], TTL: b[31], Quoted: b[29],
	}
	return f, b[24]&32 != 0
}

// FuzzDetector feeds any flows in any order of time: no panic, no attack without
// a vector, nothing beyond its bound.
func FuzzDetector(f *testing.F) {
	flood := make([]byte, 0, 40*record)
	for range 40 {
		b := [record]byte{0: 100, 4: 100, 5: 1, 6: 2, 7: 60, 15: 200, 20: 1, 27: 6, 28: downpour.SYN}
		flood = append(flood, b[:]...)
	}
	f.Add(flood)
	f.Add([]byte("0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, in []byte) {
		cfg := Default()
		cfg.Targets, cfg.Suspects, cfg.Recent, cfg.Sample, cfg.Sources = 4, 2, 16, 4, 8
		d := New(cfg, 0)
		now := morning
		for ; len(in) >= record; in = in[record:] {
			flow, tick := flowOf(in, now)
			show(d, flow)
			if now = max(now, flow.Time); tick {
				d.Tick(now - now%second)
			}
		}
		d.Finish(now)
		for _, e := range d.Events(nil) {
			if len(e.Attack.Vectors) == 0 || e.Attack.End.Before(e.Attack.Onset) {
				t.Errorf("%v from %v to %v: %v", e.Attack.Target, e.Attack.Onset, e.Attack.End, e.Attack.Vectors)
			}
		}
		if s := d.Stats(); s.Targets > 4 || s.Suspects > 2 {
			t.Errorf("%+v", s)
		}
	})
}
