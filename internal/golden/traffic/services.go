package traffic

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// service is one that is made to flood others: the port that it answers from (0:
// an ephemeral one) and an answer as its protocol defines it.
type service struct {
	port   uint16
	answer func(r *rand.Rand) []byte
	most   int // datagrams that one question brings; 0: one
}

// craftAnswer makes one service's answer to a question that the target never
// asked. A reflector answers a given forged question to the port it bore.
func craftAnswer(v service) craft {
	return func(m *maker, s *Stream, from, to host) []datagram {
		sport, dport := v.port, s.dport(m.r)
		if sport == 0 {
			sport = from.port(m.r)
		}
		var list []datagram
		for range 1 + m.r.IntN(max(v.most, 1)) {
			p := v.answer(m.r)
			if s.Size > len(p) {
				p = append(p, noise(m.r, s.Size-len(p))...)
			}
			list = append(list, udp(from, to, sport, dport, p))
		}
		return list
	}
}

// services are those of the vectors' table.
var services = map[string]service{
	"DNS":              {port: 53, answer: dnsAnswer},
	"NTP":              {port: 123, answer: ntpMonlist, most: 6},
	"CLDAP":            {port: 389, answer: cldap},
	"memcached":        {port: 11211, answer: memcached, most: 4},
	"SSDP":             {port: 1900, answer: ssdp, most: 3},
	"chargen":          {port: 19, answer: chargen},
	"QOTD":             {port: 17, answer: text("\"The secret of being miserable is to have leisure to bother about whether you are happy.\"\r\n  G. B. Shaw\r\n")},
	"SNMP":             {port: 161, answer: snmp},
	"portmap":          {port: 111, answer: portmap},
	"NetBIOS":          {port: 137, answer: netbios},
	"mDNS":             {port: 5353, answer: mdns},
	"RIPv1":            {port: 520, answer: rip},
	"MSSQL":            {port: 1434, answer: mssql},
	"WS-Discovery":     {port: 3702, answer: text(probeMatch)},
	"CoAP":             {port: 5683, answer: coap},
	"ARMS":             {port: 3283, answer: arms},
	"SLP":              {port: 427, answer: slp},
	"IPMI":             {port: 623, answer: exactly("\x06\x00\xff\x06\x00\x00\x11\xbe\x40\x00\x00\x10\x00\x00\x11\xbe\x00\x00\x00\x00\x81\x00\x00\x00\x00\x00\x00\x00")},
	"L2TP":             {port: 1701, answer: l2tp},
	"OpenVPN":          {port: 1194, answer: openvpn},
	"STUN":             {port: 3478, answer: stun},
	"ISAKMP":           {port: 500, answer: isakmp},
	"Ubiquiti":         {port: 10001, answer: ubiquiti},
	"Quake":            {port: 27960, answer: text("\xff\xff\xff\xffstatusResponse\n\\sv_hostname\\arena\\mapname\\q3dm17\\version\\Q3 1.32c linux-x86_64\n0 40 \"player\"\n")},
	"Steam":            {port: 27015, answer: text("\xff\xff\xff\xffI\x11server\x00de_dust2\x00cstrike\x00Counter-Strike\x00\x0a\x00\x05\x20\x00dl\x00\x01\x31.0.0.0\x00")},
	"SIP":              {port: 5060, answer: sip},
	"BACnet":           {port: 47808, answer: exactly("\x81\x0a\x00\x1a\x01\x00\x30\x01\x0c\x0c\x02\x3f\xff\xff\x19\x4b\x3e\xc4\x02\x00\x00\x01\x3f\x00\x00\x00")},
	"DVR-DHCPDiscover": {port: 37810, answer: text(`{"mac":"00:00:5e:00:53:01","method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceClass":"NVR","DeviceType":"NVR","HttpPort":80,"Vendor":"General","Version":"4.0"}}}`)},
	"Plex":             {port: 32414, answer: text("HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nName: home\r\nPort: 32400\r\nUpdated-At: 1600000000\r\nVersion: 1.21\r\n")},
	"RDP":              {port: 3389, answer: rdp},
	"Jenkins":          {port: 33848, answer: text("<hudson><version>2.200</version><url>http://ci.example.org/</url><server-id>5f9c</server-id><slave-port>50000</slave-port></hudson>")},
	"Citrix":           {port: 1604, answer: citrix},
	"TFTP":             {answer: tftp},
	"DTLS":             {port: 443, answer: dtls},
	"BitTorrent":       {port: 6881, answer: dht},
}

func text(s string) func(*rand.Rand) []byte { return exactly(s) }

func exactly(s string) func(*rand.Rand) []byte {
	return func(*rand.Rand) []byte { return []byte(s) }
}

// dnsName writes a name in labels (RFC 1035, 3.1).
func dnsName(dst []byte, name string) []byte {
	for _, label := range strings.Split(name, ".") {
		dst = append(append(dst, byte(len(label))), label...)
	}
	return append(dst, 0)
}

// dnsQuery writes a question (RFC 1035, 4) with EDNS (RFC 6891).
func dnsQuery(r *rand.Rand, name string, kind uint16) []byte {
	p := append(noise(r, 2), 1, 0, 0, 1, 0, 0, 0, 0, 0, 1)
	p = binary.BigEndian.AppendUint16(dnsName(p, name), kind)
	return append(p, 0, 1, 0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0)
}

// dnsReply answers with records of type A.
func dnsReply(r *rand.Rand, name string, records int) []byte {
	p := append(noise(r, 2), 0x81, 0x80, 0, 1, 0, byte(records), 0, 0, 0, 0)
	p = append(dnsName(p, name), 0, 1, 0, 1)
	for range records {
		p = append(p, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4)
		p = append(p, noise(r, 4)...)
	}
	return p
}

// dnsAnswer is a large answer to ANY: text records, 1 to 4 KB.
func dnsAnswer(r *rand.Rand) []byte {
	records := 4 + r.IntN(12)
	p := append(noise(r, 2), 0x81, 0x80, 0, 1, 0, byte(records), 0, 0, 0, 1)
	p = append(dnsName(p, "example.org"), 0, 255, 0, 1)
	for range records {
		p = append(p, 0xc0, 12, 0, 16, 0, 1, 0, 0, 14, 16, 1, 0, 255)
		p = append(p, noise(r, 255)...)
	}
	return append(p, 0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0)
}

// ntpMonlist is ntpd's MON_GETLIST_1: mode 7, six items of 72 bytes.
func ntpMonlist(r *rand.Rand) []byte {
	p := []byte{0xd7, byte(r.IntN(100)), 0x03, 0x2a, 0, 6, 0, 72}
	return append(p, noise(r, 6*72)...)
}

// cldap is a searchResEntry for the root DSE (RFC 4511, 4.5.2) of 2 to 3 KB.
func cldap(r *rand.Rand) []byte {
	n := 2000 + r.IntN(1000)
	p := []byte{0x30, 0x84, 0, 0, byte((n + 9) >> 8), byte(n + 9), 2, 1, 1, 0x64, 0x84, 0, 0, byte(n >> 8), byte(n)}
	return append(p, noise(r, n)...)
}

// memcached is a part of a long answer (memcached's doc/protocol.txt, UDP).
func memcached(r *rand.Rand) []byte {
	sequence := uint16(r.IntN(700))
	p := noise(r, 2)
	p = binary.BigEndian.AppendUint16(p, sequence)
	p = append(p, 2, 0xbc, 0, 0)
	if sequence == 0 {
		p = append(p, "VALUE a 0 1000000\r\n"...)
	}
	return append(p, noise(r, 1400-len(p))...)
}

func ssdp(r *rand.Rand) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\n"+
		"USN: uuid:%08x-0000-1000-8000-00005e005301::upnp:rootdevice\r\nEXT:\r\nSERVER: Linux/3.4 UPnP/1.0\r\nLOCATION: http://192.168.1.1:1900/igd.xml\r\n\r\n", r.Uint32())
}

// chargen is the rotating pattern (RFC 864) of up to 512 bytes, or the longer
// answers that real servers give.
func chargen(r *rand.Rand) []byte {
	var p []byte
	for line := range 10 + r.IntN(12) {
		for i := range 72 {
			p = append(p, byte(' '+(line+i)%95))
		}
		p = append(p, '\r', '\n')
	}
	return p
}

// snmp is a GetResponse of version 2c to GetBulk (RFC 3416, 3; RFC 1901).
func snmp(r *rand.Rand) []byte {
	n := 300 + r.IntN(900)
	body := []byte{2, 1, 1, 4, 6, 'p', 'u', 'b', 'l', 'i', 'c', 0xa2, 0x82, byte(n >> 8), byte(n)}
	p := []byte{0x30, 0x82, byte((n + len(body)) >> 8), byte(n + len(body))}
	return append(append(p, body...), noise(r, n)...)
}

// portmap is an accepted reply to DUMP (RFC 5531, 9; RFC 1833).
func portmap(r *rand.Rand) []byte {
	p := append(noise(r, 4), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for range 12 {
		p = append(p, 0, 0, 0, 1, 0, 1, 0x86, 0xa0, 0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0, 111)
	}
	return append(p, 0, 0, 0, 0)
}

// netbios is a node status response (RFC 1002, 4.2.18).
func netbios(r *rand.Rand) []byte {
	p := append(noise(r, 2), 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 32)
	p = append(p, "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"...)
	p = append(p, 0, 0, 0x21, 0, 1, 0, 0, 0, 0, 0, 155, 6)
	return append(p, noise(r, 154)...)
}

// mdns is a unicast answer (RFC 6762, 6.7).
func mdns(r *rand.Rand) []byte {
	p := append(noise(r, 2), 0x84, 0, 0, 0, 0, 4, 0, 0, 0, 0)
	for range 4 {
		p = append(dnsName(p, "_services._dns-sd._udp.local"), 0, 12, 0, 1, 0, 0, 0, 10, 0, 12)
		p = append(p, "\x09_airplay\xc0\x0c"...)
	}
	return p
}

// rip is a response of version 1 with 25 routes (RFC 1058, 3.1).
func rip(r *rand.Rand) []byte {
	p := []byte{2, 1, 0, 0}
	for range 25 {
		p = append(p, 0, 2, 0, 0)
		p = append(p, noise(r, 4)...)
		p = append(p, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	}
	return p
}

// mssql is SVR_RESP ([MC-SQLR] 2.2.5).
func mssql(*rand.Rand) []byte {
	info := strings.Repeat("ServerName;DB1;InstanceName;MSSQLSERVER;IsClustered;No;Version;10.50.1600.1;tcp;1433;;", 4)
	return append(binary.LittleEndian.AppendUint16([]byte{5}, uint16(len(info))), info...)
}

// probeMatch is WS-Discovery's answer (OASIS WS-Discovery 1.1, 5.3).
const probeMatch = `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types><d:XAddrs>http://192.168.1.64/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`
