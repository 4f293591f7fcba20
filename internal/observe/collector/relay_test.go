package collector

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"

	"downpour"
	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
	"downpour/internal/testenv"
)

// listener receives what is relayed.
func listener(t *testing.T, address string) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(address)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// TestRelay: every datagram arrives unchanged and in order, also of exporters
// that are unknown here; a relay of one kind gets that kind only.
func TestRelay(t *testing.T) {
	all, toAll := listener(t, "127.0.0.1")
	some, toSome := listener(t, "127.0.0.1")
	r := start(t, func(c *Config) {
		c.Allow = nil
		c.Relay = []Endpoint{{UDP, toAll.String()}, {SFlow, toSome.String()}}
	})
	list := datagrams(export.Settings{Version: flow.NetFlow9}, load(2000))
	samples := datagrams(export.Settings{Version: flow.SFlow5}, load(30))
	send(t, "127.0.0.2", r.to[0], list)
	send(t, "127.0.0.2", r.to[0], samples)
	expect(t, all, append(list, samples...), func(netip.AddrPort) error { return nil })
	expect(t, some, samples, func(netip.AddrPort) error { return nil })
	eventually(t, "they are counted", func() bool {
		s := r.Status().Relays
		return s[0].Sent == uint64(len(list)+len(samples)) && s[1].Sent == uint64(len(samples))
	})
}

// expect reads datagrams and wants these bytes in this order.
func expect(t *testing.T, conn *net.UDPConn, want []export.Datagram, from func(netip.AddrPort) error) {
	t.Helper()
	buffer := make([]byte, 65536)
	for i := range want {
		n, sender, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buffer[:n], want[i].Message) {
			t.Fatalf("datagram %d differs from what was sent", i)
		}
		if err := from(sender); err != nil {
			t.Fatalf("datagram %d: %v", i, err)
		}
	}
}

// TestRelayKeepsTheSource: the other collector sees the exporter's own address.
func TestRelayKeepsTheSource(t *testing.T) {
	if os.Getuid() != 0 {
		testenv.Lack(t, "needs root for raw sockets")
	}
	for address, exporter := range map[string]string{"127.0.0.1": "127.0.0.2", "::1": "[::1]"} {
		t.Run(address, func(t *testing.T) {
			conn, to := listener(t, address)
			r := start(t, func(c *Config) {
				c.Listen, c.Relay, c.RelaySource = []Endpoint{{UDP, net.JoinHostPort(address, "0")}}, []Endpoint{{UDP, to.String()}}, true
			})
			sender, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(exporter+":0")), net.UDPAddrFromAddrPort(r.to[0]))
			if err != nil {
				t.Fatal(err)
			}
			defer sender.Close()
			list := datagrams(export.Settings{Version: flow.IPFIX}, load(500))
			for _, d := range list {
				if _, err := sender.Write(d.Message); err != nil {
					t.Fatal(err)
				}
			}
			own := sender.LocalAddr().(*net.UDPAddr).AddrPort()
			expect(t, conn, list, func(from netip.AddrPort) error {
				if from != own {
					return fmt.Errorf("from %s, not the exporter's %s", from, own)
				}
				return nil
			})
		})
	}
}

// TestRelayIsBounded: a collector that takes nothing costs its own copies, and
// they are counted.
func TestRelayIsBounded(t *testing.T) {
	r := &relay{to: Endpoint{UDP, "127.0.0.1:9"}, wake: make(chan struct{}, 1), filling: &relayBatch{}}
	for range relayDatagrams + 10 {
		r.offer([]byte("datagram"), downpour.Address{}, 1)
	}
	if r.shed.Load() != 10 || len(r.filling.ends) != relayDatagrams {
		t.Errorf("%d shed, %d wait", r.shed.Load(), len(r.filling.ends))
	}
}
