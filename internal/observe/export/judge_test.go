package export

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	capture "downpour/internal/observe/packet"
)

// judged writes packets to a capture and judges it.
func judged(t *testing.T, packets [][]byte) Verdict {
	t.Helper()
	var out bytes.Buffer
	w, err := capture.NewWriter(&out, capture.LinkRaw, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		if err := w.WritePacket(int64(1000+i), p, 0); err != nil {
			t.Fatal(err)
		}
	}
	frames, err := capture.OpenFrames("x", &out)
	if err != nil {
		t.Fatal(err)
	}
	return Judge(frames)
}

// from gives a packet another source.
func from(source uint32, p []byte) []byte {
	p = bytes.Clone(p)
	binary.BigEndian.PutUint32(p[12:], source)
	return p
}

func TestAMajorityDecides(t *testing.T) {
	message := func(i int) []byte { return ip4(17, uint16(i), 0, udp(ipfixMessage(uint32(i), 800))) }
	other := func(i int) []byte {
		return ip4(17, uint16(i), 0, udp([]byte(fmt.Sprintf("some other payload %d", i))))
	}
	for name, c := range map[string]struct {
		packet func(i int) []byte
		export bool
		mixed  bool
	}{
		"nothing else":      {message, true, false},
		"nothing of it":     {other, false, false},
		"a few crafted":     {func(i int) []byte { return pick(i%50 == 0, message, other)(i) }, false, false},
		"a third":           {func(i int) []byte { return pick(i%3 == 0, message, other)(i) }, false, true},
		"two thirds":        {func(i int) []byte { return pick(i%3 != 0, message, other)(i) }, true, false},
		"from everywhere":   {func(i int) []byte { return from(uint32(i)*2654435761, message(i)) }, false, true},
		"from ten routers":  {func(i int) []byte { return from(uint32(i%10), message(i)) }, true, false},
		"fragments":         {func(i int) []byte { return fragments4(uint16(i/3), udp(ipfixMessage(1, 3000)), 1480)[i%3] }, true, false},
		"crafted beginning": {func(i int) []byte { return pick(i < 100, message, other)(i) }, false, false},
	} {
		var packets [][]byte
		for i := range 3000 {
			packets = append(packets, c.packet(i))
		}
		v := judged(t, packets)
		if v.Export != c.export || v.Mixed() != c.mixed || v.Packets != 3000 || v.Start != 1000 {
			t.Errorf("%s: %+v, mixed %v", name, v, v.Mixed())
		}
	}
}

func pick(first bool, a, b func(int) []byte) func(int) []byte {
	if first {
		return a
	}
	return b
}

// FuzzFrames holds reading of whatever a capture carries to its bounds.
func FuzzFrames(f *testing.F) {
	message := ipfixMessage(1, 3000)
	f.Add(bytes.Join(fragments4(9, udp(message), 1480), nil), uint16(1500))
	f.Add(bytes.Join(fragments6(9, udp(message), 1232), nil), uint16(1280))
	f.Add(bytes.Join([][]byte{ip4(6, 0, 0, tcp(1, 16, message[:1000])), ip4(6, 0, 0, tcp(1001, 16, message[1000:2000]))}, nil), uint16(1040))
	f.Add(ip4(17, 1, 0, udp(ipfixMessage(1, 20))), uint16(100))
	f.Fuzz(func(t *testing.T, data []byte, size uint16) {
		x := newExtractor()
		for i := 0; len(data) > 0; i++ {
			n := min(max(int(size), 1), len(data))
			x.frame(&capture.Frame{Link: capture.LinkRaw, Data: data[:n], Length: n, Time: int64(i)}, func(_ ends, stream bool, payload []byte) {
				if stream && len(payload) < ipfixHeaderSize {
					t.Errorf("a message of %d bytes", len(payload))
				}
			})
			data = data[n:]
		}
		if len(x.fragments.pending) > maxPending || len(x.streams.open) > maxStreams || x.carried > x.ip {
			t.Errorf("%d pending, %d open, %d of %d carried", len(x.fragments.pending), len(x.streams.open), x.carried, x.ip)
		}
	})
}
