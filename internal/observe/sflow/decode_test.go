package sflow

import (
	"net/netip"
	"testing"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/packet"
)

const at = 1_700_000_000_000_000_000

func addr(s string) downpour.Address { return downpour.AddressFrom(netip.MustParseAddr(s)) }

// synRecord is what ip() is, sampled as sampled() says, with a length.
func synRecord(bytes uint64) flow.Record {
	return flow.Record{
		Flow: downpour.Flow{
			Time: at, Source: addr("192.0.2.9"), Destination: addr("198.51.100.7"), SourcePort: 1234, DestinationPort: 80,
			Protocol: 6, TCPFlags: downpour.SYN, TTL: 64, IPID: 1, Sequence: 1, Window: 0xfaf0,
			Bytes: bytes, Packets: 1, Sampling: 1000,
		},
		Input: 7, Output: 8, Domain: 3, Direction: flow.In,
	}
}

func TestRecords(t *testing.T) {
	with := func(change func(*flow.Record)) flow.Record { r := synRecord(64); change(&r); return r }
	fields4 := words(40, 6, 0xc0000209, 0xc6336407, 1234, 80, 2, 0x10)
	want4 := flow.Record{Flow: downpour.Flow{Time: at, Source: addr("192.0.2.9"), Destination: addr("198.51.100.7"),
		SourcePort: 1234, DestinationPort: 80, Protocol: 6, TCPFlags: 2, Bytes: 40, Packets: 1, Sampling: 1000},
		Input: 7, Output: 8, Domain: 3, Direction: flow.In}
	fields6 := cat(words(60, 58), unhex("20010db8000000000000000000000001"+"20010db8000000000000000000000002"), words(135, 0, 0, 0))
	want6 := want4
	want6.Source, want6.Destination, want6.Protocol, want6.Bytes = addr("2001:db8::1"), addr("2001:db8::2"), 58, 60
	want6.SourcePort, want6.DestinationPort, want6.TCPFlags = 0, 0, 0
	expanded := func(class, index, inFormat, in, outFormat, out uint32) []byte {
		return message(tagged(sampleFlowExpanded, cat(words(1, class, index, 1000, 1000, 0, inFormat, in, outFormat, out, 1), rawRecord(1, 64, 4, ethernet()))))
	}
	compact := func(source, in, out uint32) []byte {
		return message(tagged(sampleFlow, cat(words(1, source, 1000, 1000, 0, in, out, 1), rawRecord(1, 64, 4, ethernet()))))
	}
	for name, c := range map[string]struct {
		message []byte
		want    flow.Record
	}{
		"Ethernet":             {message(sampled(rawRecord(headerEthernet, 64, 4, ethernet()))), synRecord(64)},
		"IPv4":                 {message(sampled(rawRecord(headerIPv4, 40, 0, ip()))), synRecord(40)},
		"PPP":                  {message(sampled(rawRecord(headerPPP, 42, 0, cat(unhex("0021"), ip())))), synRecord(42)},
		"MPLS":                 {message(sampled(rawRecord(headerMPLS, 44, 0, cat(unhex("00064140"), ip())))), synRecord(44)},
		"POS, PPP":             {message(sampled(rawRecord(headerPOS, 44, 0, cat(unhex("ff030021"), ip())))), synRecord(44)},
		"POS, HDLC":            {message(sampled(rawRecord(headerPOS, 44, 0, cat(unhex("0f000800"), ip())))), synRecord(44)},
		"header cut after TCP": {message(sampled(rawRecord(headerEthernet, 1518, 4, ethernet()[:50]))), with(func(r *flow.Record) { r.Bytes = 1518 })},
		"header cut in TCP": {message(sampled(rawRecord(headerEthernet, 1518, 4, ethernet()[:40]))),
			with(func(r *flow.Record) { r.Bytes, r.TCPFlags, r.Window, r.Sequence = 1518, 0, 0, 0 })},
		"length below the header's": {message(sampled(rawRecord(headerEthernet, 10, 0, ethernet()))), synRecord(54)},
		"stripped beyond length":    {message(sampled(rawRecord(headerEthernet, 64, 1<<31, ethernet()))), synRecord(64)},
		"IPv4 fields":               {message(sampled(tagged(recordIPv4, fields4))), want4},
		"IPv6 fields":               {message(sampled(tagged(recordIPv6, fields6))), want6},
		"fields, then header":       {message(sampled(tagged(recordIPv4, fields4), rawRecord(1, 64, 4, ethernet()))), synRecord(64)},
		"header, then fields":       {message(sampled(rawRecord(1, 64, 4, ethernet()), tagged(recordIPv4, fields4))), synRecord(64)},
		"ARP header and fields":     {message(sampled(rawRecord(1, 64, 4, unhex("ffffffffffff0200000000010806000108000604")), tagged(recordIPv4, fields4))), want4},
		"gateway":                   {message(sampled(gateway(), rawRecord(1, 64, 4, ethernet()))), with(func(r *flow.Record) { r.SourceAS, r.PeerAS = 64501, 64502 })},
		"gateway without next hop": {message(sampled(rawRecord(1, 64, 4, ethernet()), tagged(recordGateway, words(0, 1, 2, 3)))),
			with(func(r *flow.Record) { r.SourceAS, r.PeerAS = 2, 3 })},
		"gateway over IPv6": {message(sampled(rawRecord(1, 64, 4, ethernet()), tagged(recordGateway, words(2, 0, 0, 0, 1, 1, 2, 3, 0, 0, 0)))),
			with(func(r *flow.Record) { r.SourceAS, r.PeerAS = 2, 3 })},
		"unknown records":         {message(sampled(tagged(1037, words(1)), tagged(9<<12|1, nil), rawRecord(1, 64, 4, ethernet()))), synRecord(64)},
		"expanded":                {expanded(0, 7, 0, 7, 0, 8), synRecord(64)},
		"expanded, great numbers": {expanded(0, 1<<30, 0, 1<<30, 0, 1<<31), with(func(r *flow.Record) { r.Input, r.Output = 1<<30, 1<<31 })},
		"leaving":                 {compact(8, 7, 8), with(func(r *flow.Record) { r.Direction = flow.Out })},
		"leaving where it came":   {compact(7, 7, 7), with(func(r *flow.Record) { r.Output = 7 })},
		"discarded":               {compact(7, 7, 1<<30|258), with(func(r *flow.Record) { r.Output = 0 })},
		"to several":              {compact(7, 7, 2<<30|3), with(func(r *flow.Record) { r.Output = 0 })},
		"to the agent":            {compact(7, 7, 1<<30-1), with(func(r *flow.Record) { r.Output = 0 })},
		"from the agent":          {compact(8, 1<<30-1, 8), with(func(r *flow.Record) { r.Input, r.Direction = 0, flow.Out })},
		"of a VLAN":               {compact(1<<24|7, 7, 8), with(func(r *flow.Record) { r.Direction = flow.Untold })},
		"of another interface":    {compact(9, 7, 8), with(func(r *flow.Record) { r.Direction = flow.Untold })},
		"expanded, to the agent":  {expanded(0, 7, 0, 7, 0, 1<<32-1), with(func(r *flow.Record) { r.Output = 0 })},
		"expanded, discarded":     {expanded(0, 7, 0, 7, 1, 258), with(func(r *flow.Record) { r.Output = 0 })},
		"agent of IPv6":           {cat(words(5, 2, 0x20010db8, 0, 0, 1, 3, 1, 1000, 1), sampled(rawRecord(1, 64, 4, ethernet()))), synRecord(64)},
		"agent unknown":           {cat(words(5, 0, 3, 1, 1000, 1), sampled(rawRecord(1, 64, 4, ethernet()))), synRecord(64)},
		"rate of 0":               {message(tagged(sampleFlow, cat(words(1, 7, 0, 1, 0, 7, 8, 1), rawRecord(1, 64, 4, ethernet())))), with(func(r *flow.Record) { r.Sampling = 1 })},
		"among others":            {message(tagged(9<<12|1, words(1, 2)), tagged(sampleDiscarded, words(1)), counterSample(7), sampled(rawRecord(1, 64, 4, ethernet()))), synRecord(64)},
	} {
		d := New(Config{})
		// What was in the room before must not show through.
		records := []flow.Record{{Flow: downpour.Flow{Ingress: 9, SourceAS: 9, Duration: 9}, PeerAS: 9, Direction: flow.Out}}[:0]
		records, told := d.Decode(records, c.message, at)
		if told != (flow.Datagram{Version: flow.SFlow5, Domain: 3, Uptime: 1000}) {
			t.Errorf("%s: told %+v", name, told)
		}
		if len(records) != 1 || records[0] != c.want {
			t.Errorf("%s:\n%+v, want\n%+v", name, records, c.want)
		}
		if s := d.Stats(); s.Datagrams != 1 || s.Records != 1 {
			t.Errorf("%s: %+v", name, s)
		}
		refused(t, name, d, nil)
	}
}

func TestConfiguredSamplingHolds(t *testing.T) {
	d := New(Config{Sampling: 512})
	records, _ := d.Decode(nil, message(sampled(rawRecord(1, 64, 4, ethernet()))), at)
	if len(records) != 1 || records[0].Sampling != 512 {
		t.Errorf("got %+v", records)
	}
}

func TestTunnelsAsConfigured(t *testing.T) {
	outer := unhex("4500003c000100004004000002020202" + "03030303")
	m := message(sampled(rawRecord(headerIPv4, 60, 0, cat(outer, ip()))))
	for decapsulate, want := range map[bool]string{false: "3.3.3.3", true: "198.51.100.7"} {
		d := New(Config{Headers: packet.Options{Decapsulate: decapsulate}})
		records, _ := d.Decode(nil, m, at)
		if len(records) != 1 || records[0].Destination != addr(want) || records[0].Bytes != 60 {
			t.Errorf("decapsulate %v: %+v", decapsulate, records)
		}
	}
}

// What is wrong is counted by reason, and what is sound counts.
func TestRefused(t *testing.T) {
	syn := rawRecord(1, 64, 4, ethernet())
	whole := message(sampled(syn), sampled(syn))
	tooMany := message(sampled(syn))
	tooMany[27] = 3
	recordsMissing := message(tagged(sampleFlow, cat(words(1, 7, 1000, 1000, 0, 7, 8, 2), syn)))
	for name, c := range map[string]struct {
		message []byte
		records int
		told    flow.Reason
		want    map[flow.Reason]uint64
	}{
		"nothing":              {nil, 0, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"version 4":            {words(4, 1, 1, 1, 1, 1), 0, flow.UnknownVersion, map[flow.Reason]uint64{flow.UnknownVersion: 1}},
		"NetFlow v5":           {unhex("0005000100000000"), 0, flow.UnknownVersion, map[flow.Reason]uint64{flow.UnknownVersion: 1}},
		"version alone":        {words(5), 0, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"address of kind 3":    {words(5, 3, 1, 1, 1, 1, 1, 0), 0, flow.BadRecord, map[flow.Reason]uint64{flow.BadRecord: 1}},
		"cut header":           {words(5, 2, 1, 1, 1, 1, 1), 0, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"cut sample":           {whole[:len(whole)-4], 1, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"cut tag":              {whole[:len(whole)-len(sampled(syn))+4], 1, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"fewer than said":      {tooMany, 1, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"absurd length":        {message(words(1, 1<<32-1)), 0, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"absurd count":         {words(5, 1, 1, 1, 1, 1, 1<<32-1), 0, flow.ShortMessage, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"short flow sample":    {message(tagged(sampleFlow, words(1, 2, 3))), 0, flow.OK, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"short expanded":       {message(tagged(sampleFlowExpanded, words(1, 2, 3, 4, 5, 6, 7, 8))), 0, flow.OK, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"short counters":       {message(tagged(sampleCounters, words(1))), 0, flow.OK, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"a record missing":     {recordsMissing, 1, flow.OK, map[flow.Reason]uint64{flow.ShortMessage: 1}},
		"no records":           {message(sampled()), 0, flow.OK, map[flow.Reason]uint64{flow.NoAddress: 1}},
		"only a switch":        {message(sampled(tagged(recordSwitch, words(1, 0, 1, 0)))), 0, flow.OK, map[flow.Reason]uint64{flow.NoAddress: 1}},
		"ARP":                  {message(sampled(rawRecord(1, 64, 4, unhex("ffffffffffff0200000000010806000108000604")))), 0, flow.OK, map[flow.Reason]uint64{flow.NoAddress: 1}},
		"wireless":             {message(sampled(rawRecord(15, 64, 4, ethernet()))), 0, flow.OK, map[flow.Reason]uint64{flow.NoAddress: 1}},
		"empty header":         {message(sampled(rawRecord(1, 64, 4, nil))), 0, flow.OK, map[flow.Reason]uint64{flow.NoAddress: 1}},
		"short header record":  {message(sampled(tagged(recordHeader, words(1, 64, 4)))), 0, flow.OK, map[flow.Reason]uint64{flow.BadRecord: 1}},
		"header beyond record": {message(sampled(tagged(recordHeader, cat(words(1, 64, 4, 99), ethernet())))), 0, flow.OK, map[flow.Reason]uint64{flow.BadRecord: 1}},
		"absurd frame":         {message(sampled(rawRecord(1, maxFrame+1, 4, ethernet()))), 0, flow.OK, map[flow.Reason]uint64{flow.BadRecord: 1}},
		"absurd IPv4 record":   {message(sampled(tagged(recordIPv4, words(1<<31, 6, 1, 2, 3, 4, 5, 6)))), 0, flow.OK, map[flow.Reason]uint64{flow.BadRecord: 1}},
		"short IPv6 record":    {message(sampled(tagged(recordIPv6, words(40, 6, 1, 2, 3, 4, 5, 6)))), 0, flow.OK, map[flow.Reason]uint64{flow.BadRecord: 1}},
		"broken gateway":       {message(sampled(syn, tagged(recordGateway, words(7)))), 1, flow.OK, map[flow.Reason]uint64{flow.BadRecord: 1}},
	} {
		d := New(Config{})
		records, told := d.Decode(nil, c.message, at)
		if len(records) != c.records || told.Refused != c.told || d.Stats().Records != uint64(c.records) {
			t.Errorf("%s: %d records, %v; want %d, %v", name, len(records), told.Refused, c.records, c.told)
		}
		refused(t, name, d, c.want)
	}
}

func TestOthersAreCounted(t *testing.T) {
	d := New(Config{})
	d.Decode(nil, message(tagged(sampleDiscarded, words(1)), tagged(4711, nil), tagged(9<<12|1, nil), counterSample(1)), at)
	if s := d.Stats(); s.Discards != 1 || s.Skipped != 2 || s.Counters != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAgent(t *testing.T) {
	for want, m := range map[string][]byte{
		"192.0.2.1":   message(),
		"2001:db8::1": words(5, 2, 0x20010db8, 0, 0, 1, 3, 1, 1000, 0),
		"invalid IP":  words(5, 0, 3, 1, 1000, 0),
	} {
		if got, ok := Agent(m); !ok || got.String() != want {
			t.Errorf("got %v, %v, want %s", got, ok, want)
		}
	}
	if _, ok := Agent([]byte("GET / HTTP/1.1")); ok {
		t.Error("took a request for sFlow")
	}
}
