package sflow

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"downpour/internal/observe/flow"
)

// Builders of datagrams, by the structures of the specification.

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func words(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// tagged is a sample or record: its format and length before it.
func tagged(format uint32, body []byte) []byte {
	return cat(words(format, uint32(len(body))), body, make([]byte, -len(body)&3))
}

// numbered is a datagram of 192.0.2.1, of a sub-agent's number, at an uptime.
func numbered(subAgent, sequence, uptime uint32, samples ...[]byte) []byte {
	return cat(words(5, 1, 0xc0000201, subAgent, sequence, uptime, uint32(len(samples))), cat(samples...))
}

func message(samples ...[]byte) []byte { return numbered(3, 1, 1000, samples...) }

// sampled is a compact flow sample of interface 7, coming in there and going out
// on 8, at 1 of 1000.
func sampled(records ...[]byte) []byte { return sampledBy(1, 1000, 0, records...) }

// sampledBy is one with a sequence number, pool and drops.
func sampledBy(sequence, pool, drops uint32, records ...[]byte) []byte {
	return tagged(sampleFlow, cat(words(sequence, 7, 1000, pool, drops, 7, 8, uint32(len(records))), cat(records...)))
}

// rawRecord is a raw packet header of a protocol, of a frame so long.
func rawRecord(protocol, length, stripped uint32, bytes []byte) []byte {
	return tagged(recordHeader, cat(words(protocol, length, stripped, uint32(len(bytes))), bytes))
}

// ip is an IPv4 packet from 192.0.2.9:1234 to 198.51.100.7:80, a SYN.
func ip() []byte {
	return unhex("450000280001000040060000c0000209" + "c6336407" + "04d20050" + "0000000100000000" + "5002faf0" + "00000000")
}

func ethernet() []byte { return cat(unhex("020000000001"+"020000000002"+"0800"), ip()) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// gateway is an extended gateway record with an IPv4 next hop.
func gateway() []byte {
	return tagged(recordGateway, words(1, 0xc0000263, 64500, 64501, 64502, 2, 2, 2, 64503, 64504, 1, 1, 64505, 0, 100))
}

// counterRecord is generic counters of an interface.
func counterRecord(index uint32, speed uint64, in, out uint64, packets uint32) []byte {
	be := binary.BigEndian
	b := words(index, 6)
	b = be.AppendUint64(b, speed)
	b = append(b, words(1, 3)...)
	b = be.AppendUint64(b, in)
	b = append(b, words(packets, unknown32, 0, 5, 0, 0)...)
	b = be.AppendUint64(b, out)
	b = append(b, words(2*packets, unknown32, 0, 0, unknown32, 0)...)
	return tagged(counterGeneric, b)
}

func counterSample(index uint32, records ...[]byte) []byte {
	return tagged(sampleCounters, cat(words(1, index, uint32(len(records))), cat(records...)))
}

// datagram reads a file of testdata.
func datagram(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	return unhex(strings.ReplaceAll(string(text), "\n", ""))
}

// refused checks the counts of what was refused, by reason; others are 0.
func refused(t *testing.T, name string, d *Decoder, want map[flow.Reason]uint64) {
	t.Helper()
	got := d.Stats().Refused
	for reason := range flow.Reasons {
		if got[reason] != want[reason] {
			t.Errorf("%s: %d times %v, want %d", name, got[reason], reason, want[reason])
		}
	}
}
