package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"downpour/internal/observe/packet"
)

// The generated captures are about this host; its port is a web service's.
var (
	victim     = [4]byte{198, 51, 100, 10}
	captureDay = time.Date(2026, time.March, 9, 12, 0, 0, 0, time.UTC)
)

// writeCapture is a script's command that writes a generated capture:
//
//	capture flood|ntp|quiet file[.gz|.zst]
func writeCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture kind file")
	}
	kinds := map[string]func(*tape){"flood": flood, "ntp": ntp, "quiet": quiet}
	kind, ok := kinds[args[0]]
	if !ok {
		ts.Fatalf("no kind of capture is called %s", args[0])
	}
	var file bytes.Buffer
	w, err := packet.NewWriter(&file, packet.LinkRaw, true)
	ts.Check(err)
	t := &tape{to: w, r: rand.New(rand.NewPCG(7, 7))}
	kind(t)
	ts.Check(t.err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), compressed(ts, args[1], file.Bytes()), 0o644))
}

// compressed packs data as the file's name asks for.
func compressed(ts *testscript.TestScript, name string, data []byte) []byte {
	var out bytes.Buffer
	var w io.WriteCloser
	switch {
	case strings.HasSuffix(name, ".gz"):
		w = gzip.NewWriter(&out)
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewWriter(&out)
		ts.Check(err)
		w = z
	default:
		return data
	}
	_, err := w.Write(data)
	ts.Check(err)
	ts.Check(w.Close())
	return out.Bytes()
}

// tape writes packets that lie further and further in time.
type tape struct {
	to  *packet.Writer
	r   *rand.Rand
	err error
}

// play writes n packets spread evenly over a stretch of the captured day.
func (t *tape) play(from, lasts time.Duration, n int, make func(i int) []byte) {
	for i := range n {
		at := captureDay.Add(from + lasts*time.Duration(i)/time.Duration(n))
		if err := t.to.WritePacket(at.UnixNano(), make(i), 0); err != nil && t.err == nil {
			t.err = err
		}
	}
}

// flood is a SYN flood of forged addresses between two stretches of usual
// traffic.
func flood(t *tape) {
	t.play(0, 2*time.Second, 400, t.usual)
	t.play(2*time.Second, 4*time.Second, 40_000, func(int) []byte {
		from := [4]byte{byte(1 + t.r.IntN(222)), byte(t.r.Uint32()), byte(t.r.Uint32()), byte(t.r.Uint32())}
		return ip(6, 243, from, victim, tcp(uint16(1024+t.r.IntN(60_000)), 443, t.r.Uint32(), 0x02))
	})
	t.play(6*time.Second, 2*time.Second, 400, t.usual)
}

// ntp is a reflection: 300 time servers' monlist answers.
func ntp(t *tape) {
	t.play(0, 3*time.Second, 15_000, func(i int) []byte {
		n := i % 300
		from := [4]byte{byte(60 + n%90), byte(n * 7), byte(n * 13), byte(1 + n%250)}
		payload := make([]byte, 440)
		payload[0], payload[3] = 0xd7, 0x2a // mode 7, MON_GETLIST_1
		return ip(17, uint8(40+n%20), from, victim, udp(123, 80, payload))
	})
}

// quiet is a small service on a usual day.
func quiet(t *tape) { t.play(0, 5*time.Second, 1000, t.usual) }

// usual is a packet of an established connection, of either direction.
func (t *tape) usual(i int) []byte {
	client := [4]byte{24, 0, 7, byte(1 + i%20)}
	port := uint16(40_000 + i%20)
	if i%2 == 0 {
		return ip(6, 56, client, victim, tcp(port, 443, uint32(1000+i), 0x18))
	}
	return ip(6, 64, victim, client, tcp(443, port, uint32(9000+i), 0x18))
}

// ip wraps a payload in an IPv4 header (RFC 791), checksum left out as network
// cards that fill it in let captures show it.
func ip(protocol, ttl uint8, from, to [4]byte, payload []byte) []byte {
	h := make([]byte, 20, 20+len(payload))
	h[0], h[8], h[9] = 0x45, ttl, protocol
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(payload)))
	copy(h[12:], from[:])
	copy(h[16:], to[:])
	return append(h, payload...)
}

// tcp is a header without options (RFC 9293).
func tcp(from, to uint16, sequence uint32, flags byte) []byte {
	h := make([]byte, 20)
	binary.BigEndian.PutUint16(h, from)
	binary.BigEndian.PutUint16(h[2:], to)
	binary.BigEndian.PutUint32(h[4:], sequence)
	h[12], h[13] = 5<<4, flags
	binary.BigEndian.PutUint16(h[14:], 64_240)
	return h
}

// udp is a datagram (RFC 768).
func udp(from, to uint16, payload []byte) []byte {
	h := make([]byte, 8, 8+len(payload))
	binary.BigEndian.PutUint16(h, from)
	binary.BigEndian.PutUint16(h[2:], to)
	binary.BigEndian.PutUint16(h[4:], uint16(8+len(payload)))
	return append(h, payload...)
}
