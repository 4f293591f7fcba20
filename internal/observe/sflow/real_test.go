package sflow

import (
	"fmt"
	"strings"
	"testing"

	"downpour/internal/observe/flow"
)

// line says of a record what the datagrams of real agents are compared by.
func line(r *flow.Record) string {
	return fmt.Sprintf("%v:%d > %v:%d protocol %d flags %#x, %d bytes 1:%d, %d > %d, AS %d via %d", r.Source, r.SourcePort,
		r.Destination, r.DestinationPort, r.Protocol, r.TCPFlags, r.Bytes, r.Sampling, r.Input, r.Output, r.SourceAS, r.PeerAS)
}

// What agents sent gives what the tests that it was taken from say, and, for the
// headers, tcpdump.
func TestDatagramsOfRealAgents(t *testing.T) {
	for name, want := range map[string]struct {
		stats   flow.Stats
		records []string
	}{
		"gopacket/live": {flow.Stats{Records: 6, Counters: 1, Sampling: 2000}, []string{
			"10.1.14.22:30461 > 54.240.235.69:80 protocol 6 flags 0x10, 1490 bytes 1:16000, 531 > 0, AS 0 via 0",
			"10.1.14.16:9092 > 10.1.8.19:46882 protocol 6 flags 0x10, 1518 bytes 1:2000, 599 > 0, AS 0 via 0",
			"10.1.14.17:9092 > 10.1.0.207:41023 protocol 6 flags 0x10, 1094 bytes 1:2000, 597 > 0, AS 0 via 0",
			"10.1.14.16:9092 > 10.1.15.17:52672 protocol 6 flags 0x10, 1518 bytes 1:2000, 599 > 0, AS 0 via 0",
			"10.1.14.17:9092 > 10.1.14.16:64041 protocol 6 flags 0x10, 1518 bytes 1:2000, 597 > 599, AS 0 via 0",
			"10.1.14.16:38801 > 10.1.15.16:9092 protocol 6 flags 0x10, 70 bytes 1:2000, 599 > 0, AS 0 via 0",
		}},
		"gopacket/reference-agent": {flow.Stats{Records: 3, Sampling: 1}, []string{
			"192.168.91.1:54237 > 192.168.91.17:22 protocol 6 flags 0x10, 70 bytes 1:1, 3 > 0, AS 123 via 999",
			"192.168.91.17:22 > 192.168.91.1:54237 protocol 6 flags 0x18, 390 bytes 1:1, 0 > 3, AS 123 via 999",
			"192.168.91.1:54237 > 192.168.91.17:22 protocol 6 flags 0x10, 70 bytes 1:1, 3 > 0, AS 123 via 999",
		}},
		"goflow2/vlan-icmp": {flow.Stats{Records: 1, Sampling: 2048}, []string{
			"172.16.32.254:0 > 172.16.32.241:0 protocol 1 flags 0x0, 82 bytes 1:2048, 1194 > 1043, AS 0 via 0",
		}},
		"goflow2/expanded-vlan": {flow.Stats{Records: 5, Sampling: 16383}, []string{
			"185.59.220.147:443 > 88.238.78.19:53206 protocol 6 flags 0x10, 1514 bytes 1:16383, 1000100 > 1000018, AS 0 via 0",
			"195.181.175.38:80 > 5.146.198.158:4019 protocol 6 flags 0x10, 1482 bytes 1:16383, 1000100 > 1000011, AS 0 via 0",
			"137.74.204.213:1935 > 89.187.169.85:44508 protocol 6 flags 0x10, 1522 bytes 1:16383, 1000104 > 1000100, AS 0 via 0",
			"185.102.219.67:25461 > 103.194.169.32:22446 protocol 6 flags 0x10, 1522 bytes 1:16383, 1000100 > 1000011, AS 0 via 0",
			"51.91.116.108:8000 > 195.181.174.135:32872 protocol 6 flags 0x10, 1522 bytes 1:16383, 1000100 > 1000101, AS 0 via 0",
		}},
		"gopacket/ethernet-record":    {flow.Stats{Sampling: 1000, Refused: [flow.Reasons]uint64{flow.NoAddress: 7}}, nil},
		"gopacket/expanded-router-v6": {flow.Stats{Sampling: 256, Refused: [flow.Reasons]uint64{flow.ShortMessage: 1}}, nil},
		"gopacket/counters-port-name": {flow.Stats{Counters: 1}, nil},
		"gopacket/counters-openflow":  {flow.Stats{Counters: 1}, nil},
		"gopacket/counters-ovs":       {flow.Stats{Counters: 1}, nil},
		"goflow2/discard-queue":       {flow.Stats{Discards: 1}, nil},
		"goflow2/discard-acl":         {flow.Stats{Discards: 1}, nil},
		"goflow2/discard-function":    {flow.Stats{Discards: 1}, nil},
	} {
		d := New(Config{})
		m := datagram(t, name)
		records, _ := d.Decode(nil, m, at)
		var got []string
		for i := range records {
			got = append(got, line(&records[i]))
		}
		if a, b := strings.Join(got, "\n"), strings.Join(want.records, "\n"); a != b {
			t.Errorf("%s:\n%s\nwant\n%s", name, a, b)
		}
		want.stats.Datagrams = 1
		if s := d.Stats(); s != want.stats {
			t.Errorf("%s: %+v, want %+v", name, s, want.stats)
		}
		if _, sound := Agent(m); !sound {
			t.Errorf("%s: not known for sFlow", name)
		}
	}
}

func TestCountersOfRealAgents(t *testing.T) {
	for name, want := range map[string]flow.InterfaceLoad{
		"gopacket/counters-port-name": {Index: 14, Name: "tapd98154f2-00", Speed: 1e10, Up: true, At: at},
		"gopacket/counters-openflow":  {Index: 11, Name: "br-int", Speed: 1e8, At: at},
		"gopacket/live":               {Index: 522, Speed: 1e10, Up: true, At: at},
	} {
		d := New(Config{})
		d.Decode(nil, datagram(t, name), at)
		if got := d.Interfaces(); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// fieldsOf walks a message and says each record's fields in a line.
func fieldsOf(m []byte, config Config) (lines []string) {
	New(config).Walk(m, at, func(w *Walked) {
		var parts []string
		for _, f := range w.Fields {
			parts = append(parts, fmt.Sprintf("%s=%v", f.Name, f.Value))
		}
		lines = append(lines, strings.Join(parts, " "))
	})
	return lines
}

func TestWalk(t *testing.T) {
	const sample = "sequence_number=1 source_id_class=0 source_id_index=7 sample_pool=1000 drops=0 "
	gre := cat(unhex("45000044000100004"+"02f0000"+"0202020203030303"), unhex("200008000000002a"), ip())
	tags := cat(unhex("020000000001020000000002"+"88a8a064"+"81000007"+"0800"), ip())
	for name, c := range map[string]struct {
		message []byte
		want    string
	}{
		"tags":     {message(sampled(rawRecord(1, 70, 4, tags))), "stripped=4 source_mac=02:00:00:00:00:02 destination_mac=02:00:00:00:00:01 vlan=100 dot1qPriority=5 dot1qCustomerVlanId=7 tos=0"},
		"labels":   {message(sampled(rawRecord(headerMPLS, 44, 0, cat(unhex("00064140"), ip())))), "tos=0"},
		"a tunnel": {message(sampled(rawRecord(headerIPv4, 68, 0, gre))), "tos=0 tunnel=GRE tunnel_network=42 inner_source=192.0.2.9 inner_destination=198.51.100.7 inner_protocol=6 inner_source_port=1234 inner_destination_port=80"},
		"a switch": {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), tagged(recordSwitch, words(5, 1, 6, 2)))), "tos=0 vlan=5 dot1qPriority=1 postVlanId=6 postDot1qPriority=2"},
		"a router": {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), tagged(recordRouter, words(1, 0xc0000263, 24, 22)))), "tos=0 next_hop=192.0.2.99 sourceIPv4PrefixLength=24 destinationIPv4PrefixLength=22"},
		"a router's IPv6 next hop": {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), tagged(recordRouter, words(2, 0x20010db8, 0, 0, 9, 24, 0)))),
			"tos=0 next_hop=2001:db8::9 sourceIPv4PrefixLength=24"},
		"a gateway":                  {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), gateway())), "tos=0 bgp_next_hop=192.0.2.99 router_as=64500 destination_as=64505 bgpNextAdjacentAsNumber=64503"},
		"a gateway without a path":   {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), tagged(recordGateway, words(0, 1, 2, 3, 0)))), "tos=0 router_as=1"},
		"a gateway with a long path": {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), tagged(recordGateway, words(0, 1, 2, 3, 1, 2, 1<<31, 5)))), "tos=0 router_as=1"},
		"a NAT":                      {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), tagged(recordNAT, words(1, 0x01010101, 1, 0x02020202)))), "tos=0 postNATSourceAddress=1.1.1.1 postNATDestinationAddress=2.2.2.2"},
		"networks":                   {message(sampled(rawRecord(headerIPv4, 40, 0, ip()), tagged(recordEgress, words(5000)), tagged(recordIngress, words(6000)))), "tos=0 vni_egress=5000 vni_ingress=6000"},
		"fields":                     {message(sampled(tagged(recordIPv4, words(40, 6, 1, 2, 3, 4, 5, 0x10)), tagged(recordEthernet, cat(words(60), unhex("0200000000010000"+"0200000000020000"), words(0x800))))), "tos=16 source_mac=02:00:00:00:00:01 destination_mac=02:00:00:00:00:02 ethernetType=2048"},
	} {
		got := fieldsOf(c.message, Config{})
		if len(got) != 1 || got[0] != sample+c.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, sample+c.want)
		}
	}
}

func TestWalkOfRealAgents(t *testing.T) {
	got := fieldsOf(datagram(t, "goflow2/expanded-vlan"), Config{})
	want := "sequence_number=68329573 source_id_class=0 source_id_index=1000104 sample_pool=2751897499 drops=0 vlan=1337 postVlanId=1337 " +
		"stripped=4 source_mac=28:99:3a:4e:89:27 destination_mac=74:83:ef:30:65:b7 tos=24"
	if len(got) != 5 || got[2] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A walk decodes what Decode does, and counts it once.
func TestWalkDecodes(t *testing.T) {
	m := datagram(t, "gopacket/live")
	d, walked := New(Config{}), New(Config{})
	records, told := d.Decode(nil, m, at)
	i := 0
	again := walked.Walk(m, at, func(w *Walked) {
		if w.Record != records[i] || w.Datagram != told {
			t.Errorf("record %d: %+v", i, w)
		}
		i++
	})
	if i != len(records) || again != told || walked.Stats() != d.Stats() {
		t.Errorf("%d of %d records, %+v, %+v", i, len(records), again, walked.Stats())
	}
}
