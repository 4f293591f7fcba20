package packet

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"downpour"
)

// between gives an IPv4 packet other addresses.
func between(from, to string, packet []byte) []byte {
	a, b := netip.MustParseAddr(from).As4(), netip.MustParseAddr(to).As4()
	copy(packet[12:], a[:])
	copy(packet[16:], b[:])
	return packet
}

// vxlan is a VXLAN header of network 0x1234, and a frame in it.
func vxlan(frame []byte) []byte { return cat([]byte{8, 0, 0, 0, 0, 0x12, 0x34, 0}, frame) }

// overlay carries a frame through VXLAN to an address.
func overlay(to string, frame []byte) []byte {
	return between("10.0.0.1", to, ip4(17, 0, udp(50000, vxlanPort, vxlan(frame))))
}

func gre(flags, kind uint16, rest ...[]byte) []byte {
	return ip4(47, 0, cat(u16(flags), u16(kind), cat(rest...)))
}

// The packets that tunnels carry in the tests: from 203.0.113.1 to 203.0.113.2.
func innerIP() []byte {
	return between("203.0.113.1", "203.0.113.2", ip4(6, 0, tcp(80, 4242, 0x12, nil)))
}
func innerFrame() []byte { return ether(etherIPv4, innerIP()) }

func TestTunnels(t *testing.T) {
	v6 := ip6(41, ip6(17, udp(7, 8, nil)))
	for name, c := range map[string]struct {
		packet  []byte
		usual   string // the flow's destination
		inside  string // the same with Decapsulate
		tunnel  Tunnel
		network uint32
	}{
		"none":                 {ip4(6, 0, tcp(1, 2, 2, nil)), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"IP in IP":             {ip4(4, 0, innerIP()), "198.51.100.2", "203.0.113.2", IPInIP, 0},
		"IPv6 in IPv4":         {ip4(41, 0, ip6(17, udp(7, 8, nil))), "198.51.100.2", "2001:db8::2", IPInIP, 0},
		"IPv6 in IPv6":         {v6, "2001:db8::2", "2001:db8::2", IPInIP, 0},
		"IPv4 in IPv6":         {ip6(60, cat([]byte{4, 0, 0, 0, 0, 0, 0, 0}, innerIP())), "2001:db8::2", "203.0.113.2", IPInIP, 0},
		"GRE":                  {gre(0, etherIPv4, innerIP()), "198.51.100.2", "203.0.113.2", GRE, 0},
		"GRE of all options":   {gre(0xb000, etherIPv4, u32(0), u32(77), u32(1), innerIP()), "198.51.100.2", "203.0.113.2", GRE, 77},
		"GRE of IPv6":          {gre(0, etherIPv6, ip6(17, udp(7, 8, nil))), "198.51.100.2", "2001:db8::2", GRE, 0},
		"GRE of Ethernet":      {gre(greKey, etherBridged, u32(5), innerFrame()), "198.51.100.2", "203.0.113.2", GRE, 5},
		"GRE of MPLS":          {gre(0, etherMPLS, []byte{0, 0x64, 1, 64}, innerIP()), "198.51.100.2", "203.0.113.2", GRE, 0},
		"ERSPAN I":             {gre(0, etherSPAN, innerFrame()), "198.51.100.2", "203.0.113.2", GRE, 0},
		"ERSPAN II":            {gre(greSequence, etherSPAN, u32(1), make([]byte, 8), innerFrame()), "198.51.100.2", "203.0.113.2", GRE, 0},
		"PPTP":                 {gre(greKey|greSequence|greAck|1, etherPPP, u32(9), u32(1), u32(1), u16(0xff03), u16(pppIPv4), innerIP()), "198.51.100.2", "203.0.113.2", GRE, 9},
		"GRE with routing":     {gre(greRouting, etherIPv4, u32(0), innerIP()), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"GRE of version 2":     {gre(2, etherIPv4, innerIP()), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"GRE of nothing":       {gre(0, etherIPv4), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"GRE cut in its key":   {gre(greKey, etherIPv4, u16(0)), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"GRE of a flood":       {gre(0x1234, 0xabcd, make([]byte, 64)), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"IP in IP of a flood":  {ip4(4, 0, make([]byte, 64)), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"a later fragment":     {ip4(4, 9, innerIP()), "198.51.100.2", "198.51.100.2", NoTunnel, 0},
		"VXLAN":                {overlay("10.0.0.2", innerFrame()), "203.0.113.2", "203.0.113.2", VXLAN, 0x1234},
		"VXLAN to a group":     {overlay("239.1.1.1", innerFrame()), "203.0.113.2", "203.0.113.2", VXLAN, 0x1234},
		"VXLAN from outside":   {overlay("8.8.8.8", innerFrame()), "8.8.8.8", "203.0.113.2", VXLAN, 0x1234},
		"VXLAN with a tag":     {overlay("10.0.0.2", ether(etherVLAN, cat(u16(5), u16(etherIPv4), innerIP()))), "203.0.113.2", "203.0.113.2", VXLAN, 0x1234},
		"VXLAN of ARP":         {overlay("10.0.0.2", ether(0x0806, make([]byte, 28))), "10.0.0.2", "10.0.0.2", NoTunnel, 0},
		"VXLAN in VXLAN":       {overlay("10.0.0.2", ether(etherIPv4, overlay("10.0.0.3", innerFrame()))), "203.0.113.2", "203.0.113.2", VXLAN, 0x1234},
		"VXLAN of GRE":         {overlay("10.0.0.2", ether(etherIPv4, gre(0, etherIPv4, innerIP()))), "198.51.100.2", "203.0.113.2", VXLAN, 0x1234},
		"VXLAN, reserved bits": {between("10.0.0.1", "10.0.0.2", ip4(17, 0, udp(5, vxlanPort, cat([]byte{8, 0, 0, 1, 0, 0, 1, 0}, innerFrame())))), "10.0.0.2", "10.0.0.2", NoTunnel, 0},
		"VXLAN, last byte":     {between("10.0.0.1", "10.0.0.2", ip4(17, 0, udp(5, vxlanPort, cat([]byte{8, 0, 0, 0, 0, 0, 1, 1}, innerFrame())))), "10.0.0.2", "10.0.0.2", NoTunnel, 0},
		"VXLAN's port alone":   {between("10.0.0.1", "10.0.0.2", ip4(17, 0, udp(5, vxlanPort, []byte("hello")))), "10.0.0.2", "10.0.0.2", NoTunnel, 0},
	} {
		frame := ether(etherIPv4, c.packet)
		if c.packet[0]>>4 == 6 {
			frame = ether(etherIPv6, c.packet)
		}
		for decapsulate, want := range map[bool]string{false: c.usual, true: c.inside} {
			var f downpour.Flow
			if !(Options{Decapsulate: decapsulate}).DecodeFrame(LinkEthernet, frame, len(frame), &f) {
				t.Errorf("%s: no flow", name)
			}
			if f.Destination.String() != want || f.Bytes != uint64(len(frame)) || f.Packets != 1 || f.Sampling != 1 {
				t.Errorf("%s, decapsulate %v: %v, want %s; %+v", name, decapsulate, f.Destination, want, f)
			}
		}
		d, ok := Describe(LinkEthernet, frame, len(frame))
		if !ok || d.Tunnel != c.tunnel || d.Network != c.network {
			t.Errorf("%s: described as %v of %d, want %v of %d", name, d.Tunnel, d.Network, c.tunnel, c.network)
		}
	}
}

// Tunnels in tunnels without end are followed no further than a bound.
func TestTunnelsAreBounded(t *testing.T) {
	packet := innerIP()
	for range 50 {
		packet = ip4(4, 0, packet)
	}
	var f downpour.Flow
	if !(Options{Decapsulate: true}).DecodeFrame(LinkRaw, packet, len(packet), &f) || f.Protocol != 4 || f.Destination != to4 {
		t.Errorf("got %+v", f)
	}
}

func TestOwnUnderlay(t *testing.T) {
	for text, want := range map[string]bool{
		"10.255.0.1": true, "11.0.0.0": false, "127.0.0.1": true, "100.64.0.1": true, "100.128.0.1": false,
		"169.254.1.1": true, "169.255.1.1": false, "172.16.0.1": true, "172.31.255.255": true, "172.32.0.1": false,
		"192.168.3.4": true, "192.169.0.1": false, "192.0.2.1": true, "192.0.0.8": true, "192.0.3.1": false,
		"198.18.0.1": true, "198.19.255.255": true, "198.20.0.0": false, "198.51.100.1": true, "198.51.101.1": false,
		"203.0.113.255": true, "203.0.114.0": false, "223.255.255.255": false, "224.0.0.1": true, "255.255.255.255": true,
		"fd00::1": true, "fe80::1": true, "fec0::1": false, "ff02::1": true, "2001:db8:1::1": true, "2001:db9::1": false, "::1": true, "2a00::1": false,
	} {
		if got := ownUnderlay(downpour.AddressFrom(netip.MustParseAddr(text))); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	v4 := ip4(17, 0, udp(7, 8, nil))
	v4[1] = 0xb8
	v6 := ip6(17, udp(7, 8, nil))
	binary.BigEndian.PutUint32(v6, 6<<28|0x2e<<20|0xabcde)
	macs := Details{MACs: true, SourceMAC: [6]byte{2, 0, 0, 0, 0, 2}, DestinationMAC: [6]byte{2, 0, 0, 0, 0, 1}}
	with := func(change func(*Details)) Details { d := macs; change(&d); return d }
	for name, c := range map[string]struct {
		link  LinkType
		frame []byte
		want  Details
	}{
		"IPv4":       {LinkEthernet, ether(etherIPv4, v4), with(func(d *Details) { d.TOS = 0xb8 })},
		"IPv6":       {LinkEthernet, ether(etherIPv6, v6), with(func(d *Details) { d.TOS, d.FlowLabel = 0x2e, 0xabcde })},
		"raw":        {LinkRaw, v4, Details{TOS: 0xb8}},
		"a tag":      {LinkEthernet, ether(etherVLAN, cat(u16(0xa064), u16(etherIPv4), v4)), with(func(d *Details) { d.VLAN, d.Priority, d.TOS = 100, 5, 0xb8 })},
		"two tags":   {LinkEthernet, ether(etherProvider, cat(u16(0x0064), u16(etherVLAN), u16(0xe007), u16(etherIPv4), v4)), with(func(d *Details) { d.VLAN, d.InnerVLAN, d.TOS = 100, 7, 0xb8 })},
		"labels":     {LinkEthernet, ether(etherMPLS, cat([]byte{0, 6, 0x40, 64, 0, 7, 1, 64}, v4)), with(func(d *Details) { d.Labels, d.Label, d.TOS = 2, 100, 0xb8 })},
		"tag, label": {LinkEthernet, ether(etherVLAN, cat(u16(9), u16(etherMPLS), []byte{0, 6, 0x41, 64}, v4)), with(func(d *Details) { d.VLAN, d.Labels, d.Label, d.TOS = 9, 1, 100, 0xb8 })},
		"pseudowire": {LinkEthernet, ether(etherMPLS, cat([]byte{0, 6, 0x41, 64}, make([]byte, 4), ether(etherVLAN, cat(u16(3), u16(etherIPv4), v4)))), with(func(d *Details) { d.Labels, d.Label, d.TOS = 1, 100, 0xb8 })},
	} {
		d, ok := Describe(c.link, c.frame, len(c.frame))
		if d.Outer.Protocol != 17 || d.Outer.Bytes != uint64(len(c.frame)) {
			t.Errorf("%s: the packet is %+v", name, d.Outer)
		}
		d.Outer = downpour.Flow{}
		if !ok || d != c.want {
			t.Errorf("%s: %+v, want %+v", name, d, c.want)
		}
	}
	for _, frame := range [][]byte{nil, ether(0x0806, make([]byte, 28)), ether(etherIPv4, v4[:10])} {
		if d, ok := Describe(LinkEthernet, frame, 64); ok {
			t.Errorf("%x is described as %+v", frame, d)
		}
	}
}

func TestDecodeFrame(t *testing.T) {
	frame := ether(etherIPv4, ip4(6, 0, tcp(80, 4242, 0x12, nil)))
	var f downpour.Flow
	if !DecodeFrame(LinkEthernet, frame[:40], 1514, &f) || f.Bytes != 1514 || f.SourcePort != 80 || f.Packets != 1 || f.Sampling != 1 {
		t.Errorf("got %+v", f)
	}
	if !DecodeFrame(LinkEthernet, frame, 3, &f) || f.Bytes != uint64(len(frame)) {
		t.Errorf("a length below the header's gave %+v", f)
	}
	if DecodeFrame(LinkEthernet, frame[:20], 1514, &f) || DecodeFrame(LinkEthernet, ether(0x0806, nil), 64, &f) || DecodeFrame(147, frame, 64, &f) {
		t.Error("got a flow without addresses")
	}
	if n := testing.AllocsPerRun(100, func() { DecodeFrame(LinkEthernet, frame, 1514, &f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	vx := ether(etherIPv4, overlay("10.0.0.2", innerFrame()))
	if n := testing.AllocsPerRun(100, func() { Options{Decapsulate: true}.DecodeFrame(LinkEthernet, vx, 1514, &f) }); n != 0 {
		t.Errorf("%v allocations in a tunnel", n)
	}
}

func TestHeaderLength(t *testing.T) {
	options := tcp(1, 2, 2, make([]byte, 50))
	options[12] = 0x80
	for name, c := range map[string]struct {
		frame []byte
		want  int
	}{
		"TCP":            {ether(etherIPv4, ip4(6, 0, tcp(1, 2, 2, make([]byte, 50)))), 54},
		"TCP's options":  {ether(etherIPv4, ip4(6, 0, options)), 66},
		"UDP over IPv6":  {ether(etherVLAN, cat(u16(1), u16(etherIPv6), ip6(60, cat([]byte{17, 0, 0, 0, 0, 0, 0, 0}, udp(1, 2, nil))))), 18 + 40 + 8 + 8},
		"ICMP":           {ether(etherIPv4, ip4(1, 0, make([]byte, 8))), 0},
		"cut":            {ether(etherIPv4, ip4(6, 0, tcp(1, 2, 2, nil)))[:50], 0},
		"ARP":            {ether(0x0806, make([]byte, 28)), 0},
		"later fragment": {ether(etherIPv4, ip4(17, 9, udp(1, 2, nil))), 0},
	} {
		if got := HeaderLength(LinkEthernet, c.frame); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
