package packet

import (
	"bytes"
	"strings"
	"testing"

	"downpour"
)

// markCase is a payload from a port, and what it must be taken for.
type markCase struct {
	what string
	port uint16
	// payload is text, or hexadecimal digits behind "x ".
	payload string
	want    downpour.PayloadMark
}

func (c markCase) bytes(t tester) []byte {
	if digits, ok := strings.CutPrefix(c.payload, "x "); ok {
		return unhex(t, digits)
	}
	return []byte(c.payload)
}

// The payloads are what the specifications named beside the tests prescribe, or
// show as examples.
func TestMarks(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("00", n) }
	for _, c := range []markCase{
		{"DNS answer (RFC 1035, 4.1.1)", 53, "x beef 8180 0001 0002 0000 0000 00 00ff 0001", downpour.DNSAnswer},
		{"DNS refusal without a question", 53, "x beef 8185 0000 0000 0000 0000", downpour.DNSAnswer},
		{"DNS with nothing in it", 53, "x beef 8180 0000 0000 0000 0000", downpour.Unmarked},
		{"DNS with the Z bit", 53, "x beef 81c0 0001 0002 0000 0000", downpour.Unmarked},
		{"zeros from port 53", 53, "x " + zeros(64), downpour.Unmarked},
		{"mDNS answer (RFC 6762, 18)", 5353, "x 0000 8400 0000 0001 0000 0000 00", downpour.MDNSAnswer},
		{"NTP server (RFC 5905, 7.3)", 123, "x 24" + zeros(47), downpour.NTPAnswer},
		{"NTP client", 123, "x 23" + zeros(47), downpour.Unmarked},
		{"NTP monlist (ntp_request.h)", 123, "x d7 00 03 2a 0006 0048" + zeros(432), downpour.NTPAnswer},
		{"NTP monlist asked", 123, "x 17 00 03 2a 0000 0000", downpour.Unmarked},
		{"NTP readvar (RFC 9327, 2)", 123, "x 16 82 0001 0000 0000 0000 0000", downpour.NTPAnswer},
		{"CLDAP searchResEntry (RFC 4511, 4.5.2)", 389, "x 30 84 00000b00 02 01 07 64 84 00000af0", downpour.CLDAPAnswer},
		{"CLDAP searchResDone", 389, "x 30 0c 02 01 07 65 07 0a 01 00 04 00 04 00", downpour.CLDAPAnswer},
		{"CLDAP searchRequest", 389, "x 30 25 02 01 01 63 20 04 00", downpour.Unmarked},
		{"SSDP (UPnP DA 1.1, 1.3.3)", 1900, "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\n", downpour.SSDPAnswer},
		{"SSDP from another port", 49152, "HTTP/1.1 200 OK\r\n", downpour.SSDPAnswer},
		{"SSDP asked", 1900, "M-SEARCH * HTTP/1.1\r\n", downpour.Unmarked},
		{"memcached stats (protocol.txt)", 11211, "x 0000 0000 0001 0000 53544154 20", downpour.MemcachedAnswer},
		{"memcached value", 11211, "x 1234 0000 0578 0000 56414c5545 20", downpour.MemcachedAnswer},
		{"memcached, later datagram", 11211, "x 1234 0007 0578 0000 6161616161", downpour.MemcachedAnswer},
		{"memcached asked", 11211, "x 0000 0000 0001 0000 67657420 61", downpour.Unmarked},
		{"chargen (RFC 864)", 19, " !\"#$%&'()*+,-./0123456789\r\n!\"#", downpour.ChargenAnswer},
		{"binary from port 19", 19, "x 8001020304050607", downpour.Unmarked},
		{"QOTD (RFC 865)", 17, "\"We want a few mad people now.\"\r\nShaw", downpour.QOTDAnswer},
		{"SNMP v2c response (RFC 3416, 3)", 161, "x 30 82 0200 02 01 01 04 06 7075626c6963 a2 82 01f1", downpour.SNMPAnswer},
		{"SNMP v1 response", 161, "x 30 20 02 01 00 04 06 7075626c6963 a2 13", downpour.SNMPAnswer},
		{"SNMP getBulk", 161, "x 30 20 02 01 01 04 06 7075626c6963 a5 13", downpour.Unmarked},
		{"SNMP v3 report (RFC 3412, 6)", 161, "x 30 6f 02 01 03 3011 0204 00004a69 0203 00ffe3 0401 00 0201 03 0402 3000" +
			"3020 0404 80001f88 0400 a8 16", downpour.SNMPAnswer},
		{"portmap reply (RFC 5531, 9)", 111, "x 65720a48 00000001 00000000 00000000 00000000 00000000", downpour.PortmapAnswer},
		{"portmap call", 111, "x 65720a48 00000000 00000002 000186a0", downpour.Unmarked},
		{"NetBIOS status (RFC 1002, 4.2.18)", 137, "x e5d8 8400 0000 0001 0000 0000 20", downpour.NetBIOSAnswer},
		{"NetBIOS status asked", 137, "x e5d8 0000 0001 0000 0000 0000 20", downpour.Unmarked},
		{"RIP response (RFC 2453, 3.6)", 520, "x 02 01 0000 0002 0000 0a000000" + zeros(12), downpour.RIPAnswer},
		{"RIP request", 520, "x 01 01 0000 0000 0000" + zeros(12) + "00000010", downpour.Unmarked},
		{"SQL browser ([MC-SQLR] 2.2.5)", 1434, "x 05 0a00 5365727665724e616d65", downpour.MSSQLAnswer},
		{"SQL browser asked", 1434, "x 03", downpour.Unmarked},
		{"WS-Discovery (1.1, 5.3)", 3702, `<?xml version="1.0"?><s:Envelope><s:Body><d:ProbeMatches>`, downpour.WSDiscoveryAnswer},
		{"WS-Discovery from another port", 40000, `<?xml version="1.0"?><s:Envelope><d:ProbeMatches>`, downpour.WSDiscoveryAnswer},
		{"CoAP content (RFC 7252, 3)", 5683, "x 60 45 0001 c1 28", downpour.CoAPAnswer},
		{"CoAP get", 5683, "x 40 01 0001 bb", downpour.Unmarked},
		{"ARMS (as devices send)", 3283, "x 0001 03ea 0031" + zeros(100), downpour.ARMSAnswer},
		{"ARMS asked", 3283, "x 0014 0001 03", downpour.Unmarked},
		{"SLP service reply (RFC 2608, 8)", 427, "x 02 02 000020 0000 000000 0001 0002 656e 0000", downpour.SLPAnswer},
		{"SLP service request", 427, "x 02 01 000020 0000 000000 0001 0002 656e 0000", downpour.Unmarked},
		{"RMCP presence pong (DSP0136, 3.2.4.3)", 623, "x 06 00 ff 06 000011be 40 00 00 10 000011be", downpour.IPMIAnswer},
		{"RMCP presence ping", 623, "x 06 00 ff 06 000011be 80 00 00 00", downpour.Unmarked},
		{"IPMI channel capabilities (IPMI 2.0, 22.13)", 623, "x 06 00 ff 07 00 00000000 00000000 10 81 1c 63 20 00 38 00", downpour.IPMIAnswer},
		{"IPMI capabilities asked", 623, "x 06 00 ff 07 00 00000000 00000000 09 20 18 c8 81 00 38 8e", downpour.Unmarked},
		{"L2TP SCCRP (RFC 2661, 6.2)", 1701, "x c802 0064 0001 0000 0000 0001 8008 0000 0000 0002", downpour.L2TPAnswer},
		{"L2TP SCCRQ", 1701, "x c802 0064 0000 0000 0000 0000 8008 0000 0000 0001", downpour.Unmarked},
		{"OpenVPN server reset (protocol overview)", 1194, "x 40 0102030405060708 01 00000000", downpour.OpenVPNAnswer},
		{"OpenVPN client reset", 1194, "x 38 0102030405060708 00 00000000", downpour.Unmarked},
		{"STUN success (RFC 8489, 5)", 3478, "x 0101 0000 2112a442" + zeros(12), downpour.STUNAnswer},
		{"STUN request", 3478, "x 0001 0000 2112a442" + zeros(12), downpour.Unmarked},
		{"IKE v1 answer (RFC 2408, 3.1)", 500, "x 0102030405060708 1112131415161718 01 10 02 00 00000000 00000054", downpour.ISAKMPAnswer},
		{"IKE v1 asked", 500, "x 0102030405060708 0000000000000000 01 10 02 00 00000000 00000054", downpour.Unmarked},
		{"IKE v2 answer (RFC 7296, 3.1)", 4500, "x 00000000 0102030405060708 1112131415161718 21 20 22 20 00000000 00000054", downpour.ISAKMPAnswer},
		{"Ubiquiti (as devices send)", 10001, "x 01 00 0009 02 000a 00156d000001", downpour.UbiquitiAnswer},
		{"Ubiquiti asked", 10001, "x 01 00 0000", downpour.Unmarked},
		{"Quake III status (SVC_Status)", 27960, "\xff\xff\xff\xffstatusResponse\n\\mapname\\q3dm17", downpour.QuakeAnswer},
		{"Quake III status asked", 27960, "\xff\xff\xff\xffgetstatus\n", downpour.Unmarked},
		{"Steam info (Server queries)", 27015, "\xff\xff\xff\xffI\x11name\x00", downpour.SteamAnswer},
		{"Steam challenge", 27015, "\xff\xff\xff\xffA\x01\x02\x03\x04", downpour.SteamAnswer},
		{"Steam info asked", 27015, "\xff\xff\xff\xffTSource Engine Query\x00", downpour.Unmarked},
		{"SIP (RFC 3261, 7.2)", 5060, "SIP/2.0 200 OK\r\n", downpour.SIPAnswer},
		{"SIP asked", 5060, "OPTIONS sip:x SIP/2.0\r\n", downpour.Unmarked},
		{"BACnet (ASHRAE 135, J.2)", 47808, "x 81 0a 0008 01 00 30 01", downpour.BACnetAnswer},
		{"DVR (as devices send)", 37810, "x 20000000 44484950 " + zeros(24) + " 7b20226d6163223a22", downpour.DVRDHCPAnswer},
		{"DVR, bare", 37810, `{"mac":"4c:11:bf"}`, downpour.DVRDHCPAnswer},
		{"Plex (GDM)", 32414, "HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\n", downpour.PlexAnswer},
		{"RDP over UDP ([MS-RDPEUDP] 2.2.2.1)", 3389, "x 00000001 0040 0005 1122334400", downpour.RDPAnswer},
		{"RDP SYN", 3389, "x ffffffff 0040 0001 1122334400", downpour.Unmarked},
		{"Jenkins (SECURITY-1641)", 33848, "<hudson><version>2.204</version>", downpour.JenkinsAnswer},
		{"Citrix (as servers send)", 1604, "x 1000 02 31 02fda8e3 00000000 00000000", downpour.CitrixAnswer},
		{"Citrix asked", 1604, "x 1000 01 30 02fda8e3 00000000 00000000", downpour.Unmarked},
		{"TFTP data (RFC 1350, 5)", 69, "x 0003 0001 6162", downpour.TFTPAnswer},
		{"TFTP block from any port", 33000, "x 0003 0001" + zeros(512), downpour.TFTPAnswer},
		{"TFTP error from any port", 33000, "\x00\x05\x00\x01File not found\x00", downpour.TFTPAnswer},
		{"nearly TFTP", 33000, "x 0003 0001" + zeros(500), downpour.Unmarked},
		{"DTLS HelloVerifyRequest (RFC 6347, 4.3.2)", 443, "x 16 feff 0000 000000000000 0023 03", downpour.DTLSAnswer},
		{"DTLS ClientHello", 443, "x 16 feff 0000 000000000000 0023 01", downpour.Unmarked},
		{"DHT response (BEP 5)", 6881, "d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re", downpour.BitTorrentAnswer},
		{"DHT response with ip (BEP 42)", 6881, "d2:ip6:abcdef1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re", downpour.BitTorrentAnswer},
		{"DHT ping", 6881, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe", downpour.Unmarked},
		{"QUIC Initial (RFC 9000, 17.2.2)", 40000, "x c3 00000001 08 8394c8f03e515708 00", downpour.QUICInitial},
		{"QUIC v2 Initial (RFC 9369, 3.2)", 40000, "x d3 6b3343cf 08 8394c8f03e515708 00", downpour.QUICInitial},
		{"QUIC of no version we know", 40000, "x c3 0a0a0a0a 08 8394c8f03e515708 00", downpour.Unmarked},
	} {
		p := c.bytes(t)
		if got := markUDP(c.port, 40000, p); got != c.want {
			t.Errorf("%s: mark %d, want %d", c.what, got, c.want)
		}
		// The answer must be no matter of bytes behind its end.
		for n := range len(p) - 1 {
			markUDP(c.port, 40000, bytes.Clone(p[:n+1]))
		}
	}
}

func TestDNSQuery(t *testing.T) {
	query := unhex(t, "beef 0100 0001 0000 0000 0001 00 00ff 0001")
	for _, c := range []struct {
		from, to uint16
		want     downpour.PayloadMark
	}{{4242, 53, downpour.DNSQuery}, {53, 53, downpour.DNSQuery}, {53, 4242, downpour.Unmarked}} {
		if got := markUDP(c.from, c.to, query); got != c.want {
			t.Errorf("from %d to %d: mark %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestTCPMarks(t *testing.T) {
	for payload, want := range map[string]downpour.PayloadMark{
		"HTTP/1.1 403 Forbidden\r\n": downpour.HTTPAnswer, // RFC 9112, 4
		"HTTP/1.0 200 OK\r\n":        downpour.HTTPAnswer,
		"GET / HTTP/1.1\r\n":         downpour.HTTPRequest, // RFC 9112, 3
		"POST /x HTTP/1.1\r\n":       downpour.HTTPRequest,
		"HEAD / HTTP/1.1\r\n":        downpour.HTTPRequest,
		"OPTIONS * HTTP/1.1\r\n":     downpour.HTTPRequest,
		"PATCH /x HTTP/1.1\r\n":      downpour.HTTPRequest, // RFC 5789
		"GETTING":                    downpour.Unmarked,
		"\x16\x03\x01\x02\x00\x01":   downpour.Unmarked,
		"H":                          downpour.Unmarked,
	} {
		if got := markTCP([]byte(payload)); got != want {
			t.Errorf("%q: mark %d, want %d", payload, got, want)
		}
	}
}

// Random bytes are hardly ever taken for an answer from a port of no service.
func TestNoiseIsUnmarked(t *testing.T) {
	noise, x := make([]byte, 64), uint32(1)
	marked := 0
	const rounds = 200_000
	for range rounds {
		for i := range noise {
			x = x*1664525 + 1013904223
			noise[i] = byte(x >> 24)
		}
		if markUDP(40000, 40001, noise) != downpour.Unmarked {
			marked++
		}
	}
	if marked > rounds/100_000 {
		t.Errorf("%d of %d random payloads were marked", marked, rounds)
	}
}
