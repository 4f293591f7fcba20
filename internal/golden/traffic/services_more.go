package traffic

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// coap is a 2.05 Content with a link-format list (RFC 7252, 3; RFC 6690).
func coap(r *rand.Rand) []byte {
	p := append([]byte{0x60, 0x45}, noise(r, 2)...)
	return append(append(p, 0xc1, 0x28, 0xff), "</sensors/temp>;rt=\"temperature\";if=\"sensor\",</firmware>;sz=262144,</ndm/logout>,</ndm/login>,</ndm/ctrl>"...)
}

// arms is Apple Remote Desktop's discovery answer of 1006 bytes.
func arms(r *rand.Rand) []byte {
	return append([]byte{0, 1, 3, 0xea}, noise(r, 1002)...)
}

// slp is a service reply (RFC 2608, 8.2).
func slp(r *rand.Rand) []byte {
	p := []byte{2, 2, 0, 1, 0x80, 0, 0, 0, 0, 0}
	p = append(p, noise(r, 2)...)
	p = append(p, 0, 2, 'e', 'n', 0, 0, 0, 4)
	return append(p, noise(r, 380)...)
}

// l2tp is SCCRP (RFC 2661, 6.2).
func l2tp(r *rand.Rand) []byte {
	p := []byte{0xc8, 2, 0, 90, 0, 1, 0, 0, 0, 0, 0, 1, 0x80, 8, 0, 0, 0, 0, 0, 2}
	return append(p, noise(r, 70)...)
}

// openvpn is P_CONTROL_HARD_RESET_SERVER_V2.
func openvpn(r *rand.Rand) []byte {
	return append(append([]byte{8 << 3}, noise(r, 8)...), append([]byte{1, 0, 0, 0, 0}, noise(r, 12)...)...)
}

// stun is a binding success with XOR-MAPPED-ADDRESS (RFC 8489, 5 and 14.2).
func stun(r *rand.Rand) []byte {
	p := append([]byte{1, 1, 0, 44, 0x21, 0x12, 0xa4, 0x42}, noise(r, 12)...)
	p = append(p, 0, 0x20, 0, 8, 0, 1)
	p = append(p, noise(r, 6)...)
	p = append(p, 0x80, 0x22, 0, 28)
	return append(p, "Coturn-4.5.1.1 'dan Eider' \x00"...)
}

// isakmp is a responder's answer of version 1 (RFC 2408, 3.1).
func isakmp(r *rand.Rand) []byte {
	p := append(noise(r, 8), noise(r, 8)...)
	p[8] |= 1
	p = append(p, 1, 0x10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 168)
	return append(p, noise(r, 140)...)
}

// ubiquiti is a discovery answer of version 1.
func ubiquiti(r *rand.Rand) []byte {
	return append([]byte{1, 0, 0, 148, 2, 0, 10}, noise(r, 145)...)
}

func sip(r *rand.Rand) []byte {
	return fmt.Appendf(nil, "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK%08x\r\nFrom: <sip:100@1.1.1.1>\r\nTo: <sip:100@1.1.1.1>;tag=as%06x\r\nCall-ID: %016x\r\nCSeq: 1 REGISTER\r\nServer: Asterisk PBX 13\r\nWWW-Authenticate: Digest algorithm=MD5, realm=\"asterisk\", nonce=\"%08x\"\r\nContent-Length: 0\r\n\r\n",
		r.Uint32(), r.IntN(1<<24), r.Uint64(), r.Uint32())
}

// rdp is SYN and ACK of RDP over UDP ([MS-RDPEUDP] 2.2.2.1), padded to 1232.
func rdp(r *rand.Rand) []byte {
	p := append(noise(r, 4), 0, 64, 0, 5)
	p = append(p, noise(r, 4)...)
	return append(append(p, 4, 0xd0, 4, 0xd0), make([]byte, 1216)...)
}

// citrix is an ICA browser's answer.
func citrix(r *rand.Rand) []byte {
	p := append(binary.LittleEndian.AppendUint16(nil, 300), 2, 0x31, 2, 0xfd, 0xa8, 0xe3)
	return append(p, noise(r, 292)...)
}

// tftp is a first block of data (RFC 1350, 5), sent again and again.
func tftp(r *rand.Rand) []byte { return append([]byte{0, 3, 0, 1}, noise(r, 512)...) }

// dtls is a ServerHello with what follows, in a record of DTLS 1.2 (RFC 6347).
func dtls(r *rand.Rand) []byte {
	p := append([]byte{0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80, 2, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0, 68}, noise(r, 68)...)
	return append(p, noise(r, 900)...)
}

// dht is a find_node answer (BEP 5).
func dht(r *rand.Rand) []byte {
	p := append([]byte("d1:rd2:id20:"), noise(r, 20)...)
	p = append(append(p, "5:nodes208:"...), noise(r, 208)...)
	return append(p, "e1:t2:aa1:y1:re"...)
}
