package app

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"downpour"
	"downpour/internal/config"
)

// sampledTunnel is a datagram of sFlow with the header of a packet to 198.51.100.7 in a
// tunnel (IP in IP) to 192.0.2.1.
func sampledTunnel() []byte {
	words := func(list ...uint32) (b []byte) {
		for _, w := range list {
			b = binary.BigEndian.AppendUint32(b, w)
		}
		return b
	}
	header := words(
		0x4500003c, 0, 0x40040000, 0xcb007101, 0xc0000201,
		0x45000028, 0, 0x40110000, 0xcb007102, 0xc6336407, 0x00350035, 0x00140000)
	record := append(words(11, 60, 0, uint32(len(header))), header...)
	sample := append(words(1, 1, 1000, 1000, 0, 1, 2, 1, 1, uint32(len(record))), record...)
	return append(words(5, 1, 0x7f000001, 0, 1, 1000, 1, 1, uint32(len(sample))), sample...)
}

// TestTunnelsCountAsConfigured: a packet in a tunnel is to the tunnel's end, or, where
// that is configured, to where it goes in the end.
func TestTunnelsCountAsConfigured(t *testing.T) {
	for text, want := range map[string]string{
		`flow: {listen: ["sflow://127.0.0.1:6343"]}`:                    "192.0.2.1",
		`flow: {listen: ["sflow://127.0.0.1:6343"], decapsulate: true}`: "198.51.100.7",
	} {
		cfg, faults := config.Load("a.yaml", []byte(text))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		cc, err := collectorConfig(cfg)
		if err != nil {
			t.Fatal(err)
		}
		records, _ := cc.SFlow().Decode(nil, sampledTunnel(), 1_700_000_000e9)
		if len(records) != 1 || records[0].Destination != downpour.AddressFrom(netip.MustParseAddr(want)) {
			t.Errorf("%s: %+v", text, records)
		}
	}
}
