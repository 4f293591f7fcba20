package attack

import (
	"testing"
	"time"

	"downpour"
)

// visited adds a handful of visitors a second, who are there beside all else, for a
// quarter of an hour and as long as the flows last.
func visited(made *traffic, rate uint32) {
	made.send(0, 15*time.Minute, 15*60*4*100/int(rate), func(i int, f *downpour.Flow) {
		exported(downpour.ACK|downpour.PSH, 1, 300)(i, f)
		f.DestinationPort, f.Sampling = 443, rate
	})
}

// TestTunnelsSeenOneWay: tunnels and exchanges of calls whose gateways talk from and
// to the port they listen at, and downloads of few, begin all at once toward a host of
// which only what comes in is exported. Nobody can be called unanswered there. The same
// traffic from forged addresses is a flood.
func TestTunnelsSeenOneWay(t *testing.T) {
	const begins = 14 * time.Minute
	for _, test := range []struct {
		name  string
		peers int
		ports [2]uint16
		tcp   bool
	}{
		{"IPsec with 60 gateways", 60, [2]uint16{4500, 4500}, false},
		{"L2TP with 40 gateways", 40, [2]uint16{1701, 1701}, false},
		{"WireGuard with one", 1, [2]uint16{51820, 41000}, false},
		{"a proxy's downloads", 30, [2]uint16{443, 0}, true},
	} {
		for name, rate := range map[string]uint32{"1:100": 100, "1:1000": 1000} {
			for _, forged := range []bool{false, true} {
				made := newTraffic(77)
				visited(made, rate)
				peers := made.some(test.peers)
				made.send(begins, 30*time.Second, 30*40_000/int(rate), func(_ int, f *downpour.Flow) {
					f.TTL, f.IPID, f.Sequence, f.Window = 0, 0, 0, 0
					n := made.random.IntN(test.peers)
					if !forged {
						f.Source = peers[n]
					}
					f.Protocol, f.SourcePort, f.DestinationPort = downpour.ProtocolUDP, test.ports[0], test.ports[1]
					if test.tcp {
						f.Protocol, f.TCPFlags = downpour.ProtocolTCP, downpour.ACK
					}
					if f.DestinationPort == 0 {
						f.DestinationPort = uint16(40_000 + n)
					}
					f.Bytes, f.Sampling = 1200, rate
				})
				list, _ := find(Default(), made.flows)
				if forged != (len(list) > 0) {
					t.Errorf("%s, %s, forged %v: %d attacks: %+v", test.name, name, forged, len(list), list)
				}
			}
		}
	}
}

// TestFewCarryMostOfAKind counts those who bring most of a kind, whatever else comes.
func TestFewCarryMostOfAKind(t *testing.T) {
	made := newTraffic(78)
	peers := made.some(2)
	made.send(0, time.Second, 5000, func(i int, f *downpour.Flow) {
		udp(51820, 51820, downpour.NoPayload)(i, f)
		f.TTL, f.IPID, f.Sequence, f.Window = 0, 0, 0, 0
		if f.Source = peers[i%2]; i%10 == 0 {
			f.Source = made.anyone()
		}
	})
	d := New(Default(), 0)
	show(d, made.flows...)
	if len(d.suspects) != 1 {
		t.Fatalf("%d are followed", len(d.suspects))
	}
	s := d.suspects[0]
	if r := s.rows[kindUDP]; !s.few(kindUDP, r, onePeer) || s.few(kindUDP, r, 1) || !r.ownPort() {
		t.Errorf("of %d packets: few %v, own port %v", r.followed, s.few(kindUDP, r, onePeer), r.ownPort())
	}
}
