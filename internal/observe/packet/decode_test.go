package packet

import (
	"bytes"
	"net/netip"
	"testing"

	"downpour"
)

var (
	from4 = downpour.AddressFrom(netip.MustParseAddr("192.0.2.1"))
	to4   = downpour.AddressFrom(netip.MustParseAddr("198.51.100.2"))
	from6 = downpour.AddressFrom(netip.MustParseAddr("2001:db8::1"))
	to6   = downpour.AddressFrom(netip.MustParseAddr("2001:db8::2"))
)

// Each way to carry the same two packets.
func TestLinks(t *testing.T) {
	v4, v6 := ip4(17, 0, udp(7, 8, nil)), ip6(17, udp(7, 8, nil))
	tag := func(kind uint16, inner []byte) []byte { return cat(u16(5), u16(kind), inner) }
	cooked := func(kind uint16) []byte { return cat(u16(0), u16(1), u16(6), make([]byte, 8), u16(kind)) }
	cooked2 := func(kind uint16) []byte { return cat(u16(kind), make([]byte, 18)) }
	pppoe := func(inner []byte) []byte { return cat([]byte{0x11, 0}, u16(1), u16(uint16(len(inner))), inner) }
	label := func(bottom byte) []byte { return []byte{0, 0x64, bottom, 64} }
	for name, c := range map[string]struct {
		link  LinkType
		frame []byte
	}{
		"Ethernet":           {LinkEthernet, ether(etherIPv4, v4)},
		"Ethernet v6":        {LinkEthernet, ether(etherIPv6, v6)},
		"VLAN":               {LinkEthernet, ether(etherVLAN, tag(etherIPv4, v4))},
		"QinQ":               {LinkEthernet, ether(etherProvider, tag(etherVLAN, tag(etherIPv6, v6)))},
		"QinQ of old":        {LinkEthernet, ether(etherQinQ, tag(etherVLAN, tag(etherIPv4, v4)))},
		"MPLS":               {LinkEthernet, ether(etherMPLS, cat(label(0), label(1), v4))},
		"MPLS in VLAN":       {LinkEthernet, ether(etherVLAN, tag(etherMPLSUp, cat(label(1), v6)))},
		"PPPoE":              {LinkEthernet, ether(etherPPPoE, pppoe(cat(u16(pppIPv4), v4)))},
		"LLC and SNAP":       {LinkEthernet, ether(100, cat([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(etherIPv4), v4))},
		"raw":                {LinkRaw, v4},
		"raw v6":             {LinkRaw, v6},
		"raw, BSD":           {LinkRawBSD, v4},
		"raw, OpenBSD":       {LinkRawOpen, v6},
		"IPv4":               {LinkIPv4, v4},
		"IPv6":               {LinkIPv6, v6},
		"cooked":             {LinkCooked, cat(cooked(etherIPv4), v4)},
		"cooked VLAN":        {LinkCooked, cat(cooked(etherVLAN), tag(etherIPv6, v6))},
		"cooked 2":           {LinkCooked2, cat(cooked2(etherIPv6), v6)},
		"null":               {LinkNull, cat([]byte{2, 0, 0, 0}, v4)},
		"null, big endian":   {LinkNull, cat([]byte{0, 0, 0, 30}, v6)},
		"loop":               {LinkLoop, cat(u32(24), v6)},
		"PPP":                {LinkPPP, cat(u16(pppIPv4), v4)},
		"PPP, compressed":    {LinkPPP, cat([]byte{pppIPv6}, v6)},
		"PPP in HDLC":        {LinkPPPHDLC, cat([]byte{0xff, 3}, u16(pppIPv6), v6)},
		"PPPoE without link": {LinkPPPoE, pppoe(cat(u16(pppIPv4), v4))},
		"Cisco HDLC":         {LinkHDLC, cat([]byte{0x0f, 0}, u16(etherIPv4), v4)},
	} {
		var f downpour.Flow
		padded := append(c.frame, 0, 0, 0, 0, 0, 0) // as short frames are
		if found := decode(c.link, padded, len(padded), &f); found != fine {
			t.Errorf("%s: %v", name, found)
			continue
		}
		want := downpour.Flow{Source: from4, Destination: to4, TTL: 57, IPID: 0x1234}
		if f.Source != from4 {
			want = downpour.Flow{Source: from6, Destination: to6, TTL: 58}
		}
		want.Packets, want.Sampling, want.Protocol, want.SourcePort, want.DestinationPort = 1, 1, 17, 7, 8
		if f != want {
			t.Errorf("%s: %+v, want %+v", name, f, want)
		}
	}
}

func TestNoFlow(t *testing.T) {
	for name, c := range map[string]struct {
		link   LinkType
		frame  []byte
		length int // if not the frame's
		want   finding
	}{
		"ARP":               {LinkEthernet, ether(0x0806, make([]byte, 28)), 0, notIP},
		"LLDP":              {LinkEthernet, ether(0x88cc, make([]byte, 28)), 0, notIP},
		"spanning tree":     {LinkEthernet, ether(38, []byte{0x42, 0x42, 3, 0, 0, 0, 0, 0}), 0, notIP},
		"MPLS pseudowire":   {LinkEthernet, ether(etherMPLS, []byte{0, 0, 1, 9, 0, 0}), 0, notIP},
		"PPP LCP":           {LinkPPP, []byte{0xc0, 0x21, 1}, 0, notIP},
		"loopback of AF 7":  {LinkNull, []byte{7, 0, 0, 0, 1}, 0, notIP},
		"wireless":          {127, ip4(6, 0, nil), 0, linkUnknown},
		"no frame":          {LinkEthernet, nil, 0, linkCut},
		"cut link":          {LinkCooked2, make([]byte, 19), 0, linkCut},
		"snapped link":      {LinkEthernet, ether(etherVLAN, []byte{0}), 64, linkSnapped},
		"no packet":         {LinkEthernet, ether(etherIPv4, nil), 0, headerCut},
		"cut header":        {LinkRaw, ip4(6, 0, nil)[:19], 0, headerCut},
		"snapped header":    {LinkRaw, ip4(6, 0, nil)[:19], 40, headerSnapped},
		"cut IPv6 header":   {LinkRaw, ip6(6, nil)[:39], 0, headerCut},
		"version 5":         {LinkRaw, cat([]byte{0x55}, make([]byte, 40)), 0, versionBad},
		"header of 4 words": {LinkRaw, cat([]byte{0x44}, make([]byte, 40)), 0, headerLengthBad},
	} {
		if c.length == 0 {
			c.length = len(c.frame)
		}
		var f downpour.Flow
		if got := decode(c.link, c.frame, c.length, &f); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// flowOf decodes a raw IP packet.
func flowOf(packet []byte, length int) (downpour.Flow, finding) {
	var f downpour.Flow
	found := decode(LinkRaw, packet, length, &f)
	f.Source, f.Destination, f.Packets, f.Sampling = downpour.Address{}, downpour.Address{}, 0, 0
	return f, found
}

func TestPackets(t *testing.T) {
	type flow = downpour.Flow
	segment := tcp(80, 4242, downpour.SYN|downpour.ACK, nil)
	withOptions := cat([]byte{0x46, 0}, u16(24+20), u16(0), u16(0), []byte{1, 6, 0, 0}, make([]byte, 8), []byte{1, 1, 1, 1}, segment)
	zeroLength := ip4(6, 0, segment)
	zeroLength[2], zeroLength[3] = 0, 0
	shortLength := ip4(6, 0, segment)
	shortLength[3] = 19
	extensions := cat([]byte{60, 0, 0, 0, 0, 0, 0, 0}, []byte{43, 0, 0, 0, 0, 0, 0, 0}, []byte{6, 1}, make([]byte, 14), segment)
	fragmentOf := func(place uint16, inner []byte) []byte {
		return cat([]byte{17, 0}, u16(place), u32(0xaaaabbbb), inner)
	}
	quoted4 := cat([]byte{3, 3, 0, 0, 0, 0, 0, 0}, ip4(17, 0, udp(53, 999, nil)))
	quoted6 := cat([]byte{1, 4, 0, 0, 0, 0, 0, 0}, ip6(0, cat([]byte{17, 0, 0, 0, 0, 0, 0, 0}, udp(53, 999, nil))))
	tcpFlow := flow{SourcePort: 80, DestinationPort: 4242, Protocol: 6, TCPFlags: 0x12, Sequence: 0x01020304, Window: 0xabcd}
	with := func(change func(*flow)) flow { f := tcpFlow; change(&f); return f }
	for name, c := range map[string]struct {
		packet []byte
		length int // if not the packet's
		want   flow
		found  finding
	}{
		"TCP":              {ip4(6, 0x4000, segment), 0, with(func(f *flow) { f.TTL, f.IPID = 57, 0x1234 }), fine},
		"options":          {withOptions, 0, with(func(f *flow) { f.TTL = 1 }), fine},
		"length 0":         {zeroLength, 1500, with(func(f *flow) { f.TTL, f.IPID = 57, 0x1234 }), fine},
		"length too short": {shortLength, 0, with(func(f *flow) { f.TTL, f.IPID = 57, 0x1234 }), totalShort},
		"length too long":  {ip4(6, 0, segment), 30, with(func(f *flow) { f.TTL, f.IPID = 57, 0x1234 }), totalLong},
		"extensions":       {ip6(0, extensions), 0, with(func(f *flow) { f.TTL = 58 }), fine},
		"snapped in TCP": {ip4(6, 0, segment)[:34], 40,
			with(func(f *flow) { f.TTL, f.IPID, f.Window = 57, 0x1234, 0 }), fine},
		"snapped after ports": {ip4(6, 0, segment)[:24], 40,
			flow{TTL: 57, IPID: 0x1234, Protocol: 6, SourcePort: 80, DestinationPort: 4242}, fine},
		"cut in TCP":      {ip4(6, 0, segment[:2]), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 6}, transportCut},
		"TCP offset":      {ip4(6, 0, append(tcp(80, 4242, 0x12, nil)[:12], 0x40, 0x12, 0xab, 0xcd, 0, 0, 0, 0)), 0, with(func(f *flow) { f.TTL, f.IPID = 57, 0x1234 }), tcpOffsetBad},
		"UDP":             {ip4(17, 0, udp(5, 6, []byte("zz"))), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 17, SourcePort: 5, DestinationPort: 6, Mark: downpour.Unmarked}, fine},
		"UDP length":      {ip4(17, 0, cat(u16(5), u16(6), u16(99), u16(0))), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 17, SourcePort: 5, DestinationPort: 6}, udpLengthBad},
		"snapped payload": {ip4(17, 0, udp(5, 6, []byte("zz")))[:28], 30, flow{TTL: 57, IPID: 0x1234, Protocol: 17, SourcePort: 5, DestinationPort: 6}, fine},
		"first fragment":  {ip4(17, 0x2000, cat(u16(5), u16(6), u16(3000), u16(0), make([]byte, 8))), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 17, SourcePort: 5, DestinationPort: 6, Fragment: downpour.FirstFragment, Mark: downpour.Unmarked}, fine},
		"later fragment":  {ip4(17, 0x00b9, make([]byte, 8)), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 17, Fragment: downpour.LaterFragment}, fine},
		"first of IPv6":   {ip6(44, fragmentOf(1, udp(5, 6, nil))), 0, flow{TTL: 58, IPID: 0xbbbb, Protocol: 17, SourcePort: 5, DestinationPort: 6, Fragment: downpour.FirstFragment}, fine},
		"later of IPv6":   {ip6(44, fragmentOf(8, make([]byte, 8))), 0, flow{TTL: 58, IPID: 0xbbbb, Protocol: 17, Fragment: downpour.LaterFragment}, fine},
		"atomic of IPv6":  {ip6(44, fragmentOf(0, udp(5, 6, nil))), 0, flow{TTL: 58, IPID: 0xbbbb, Protocol: 17, SourcePort: 5, DestinationPort: 6}, fine},
		"extension cut":   {ip6(60, []byte{17, 3, 0, 0, 0, 0, 0, 0}), 0, flow{TTL: 58, Protocol: 17}, extensionCut},
		"extension short": {ip6(60, []byte{17}), 0, flow{TTL: 58, Protocol: 60}, extensionCut},
		"extension snaps": {ip6(60, make([]byte, 64))[:44], 104, flow{TTL: 58, Protocol: 60}, fine},
		"too many": {ip6(60, func() (b []byte) {
			for range 20 {
				b = append(b, 60, 0, 0, 0, 0, 0, 0, 0)
			}
			return
		}()), 0, flow{TTL: 58, Protocol: 60}, extensionsMany},
		"ping":             {ip4(1, 0, []byte{8, 0, 0, 0, 0, 1, 0, 1, 0x45}), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 1, ICMPType: 8}, fine},
		"port unreachable": {ip4(1, 0, quoted4), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 1, ICMPType: 3, ICMPCode: 3, Quoted: 17, SourcePort: 53, DestinationPort: 999}, fine},
		"later one quoted": {ip4(1, 0, cat([]byte{11, 1, 0, 0, 0, 0, 0, 0}, ip4(17, 9, make([]byte, 8)))), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 1, ICMPType: 11, ICMPCode: 1, Quoted: 17}, fine},
		"ICMPv6 error":     {ip6(58, quoted6), 0, flow{TTL: 58, Protocol: 58, ICMPType: 1, ICMPCode: 4, Quoted: 17, SourcePort: 53, DestinationPort: 999}, fine},
		"neighbour":        {ip6(58, append([]byte{135, 0}, make([]byte, 70)...)), 0, flow{TTL: 58, Protocol: 58, ICMPType: 135}, fine},
		"GRE":              {ip4(47, 0, cat([]byte{0, 0, 8, 0}, ip4(6, 0, segment))), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 47}, fine},
		"IP in IP":         {ip4(4, 0, ip4(6, 0, segment)), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 4}, fine},
		"ESP":              {ip6(50, make([]byte, 16)), 0, flow{TTL: 58, Protocol: 50}, fine},
		"AH":               {ip6(51, make([]byte, 24)), 0, flow{TTL: 58, Protocol: 51}, fine},
		"SCTP":             {ip4(132, 0, cat(u16(9), u16(10), make([]byte, 8))), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 132, SourcePort: 9, DestinationPort: 10}, fine},
		"unassigned":       {ip4(253, 0, []byte{1}), 0, flow{TTL: 57, IPID: 0x1234, Protocol: 253}, fine},
	} {
		if c.length == 0 {
			c.length = len(c.packet)
		}
		if got, found := flowOf(c.packet, c.length); got != c.want || found != c.found {
			t.Errorf("%s: %v in\n%+v, want %v in\n%+v", name, found, got, c.found, c.want)
		}
	}
}

// The padding of a short frame is no payload.
func TestPaddingIsNoPayload(t *testing.T) {
	for _, packet := range [][]byte{ip4(6, 0, tcp(1, 2, 2, nil)), ip4(17, 0, udp(53, 2, nil))} {
		f, found := flowOf(append(packet, make([]byte, 18)...), len(packet)+18)
		if f.Mark != downpour.NoPayload || found != fine {
			t.Errorf("protocol %d: mark %d, %v", f.Protocol, f.Mark, found)
		}
	}
}

// Each finding has words of its own, since problems are told apart by them.
func TestFindingsHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for f := linkUnknown; f < findings; f++ {
		if s := f.String(); s == "nothing" || seen[s] {
			t.Errorf("finding %d says %q", f, s)
		} else {
			seen[s] = true
		}
	}
}

func TestBytesAreTheFramesAsSent(t *testing.T) {
	frame := ether(etherIPv4, ip4(17, 0, udp(5, 6, []byte("zz"))))
	flows, c := readStream(t, pcapOf(t, LinkEthernet, frame))
	if len(flows) != 1 || flows[0].Bytes != uint64(len(frame)) || c.Input().Bytes != uint64(len(frame)) {
		t.Errorf("flows %+v, input %+v; want one of %d bytes", flows, c.Input(), len(frame))
	}
}

// TestCutPayloadProvesNothing: a snap length that leaves too little of a payload
// to know it by speaks neither for nor against.
func TestCutPayloadProvesNothing(t *testing.T) {
	whole := ip4(17, 0, udp(5, 6, bytes.Repeat([]byte("z"), 400)))
	for captured, want := range map[int]downpour.PayloadMark{len(whole): downpour.Unmarked, 40: downpour.NoPayload, 200: downpour.Unmarked} {
		var f downpour.Flow
		decode(LinkRaw, whole[:captured], len(whole), &f)
		if f.Mark != want {
			t.Errorf("%d of %d bytes captured: mark %d, want %d", captured, len(whole), f.Mark, want)
		}
	}
}
