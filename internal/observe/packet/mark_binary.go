package packet

import (
	"bytes"
	"encoding/binary"
)

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// The direction bit of a DNS message.
const (
	dnsIsQuery  = 0
	dnsIsAnswer = 1
)

// isDNS: a DNS message (RFC 1035, 4.1.1) of a direction, by QR and what a sane
// header has: a known opcode, the Z bit clear, at most one question (16 in
// multicast DNS, RFC 6762, 18) and something in it, be it an error.
func isDNS(p []byte, direction byte) bool {
	if len(p) < 12 || p[2]>>7 != direction {
		return false
	}
	opcode, z, code := p[2]>>3&0x0f, p[3]>>6&1, p[3]&0x0f
	if opcode > 6 || opcode == 3 || z != 0 || be16(p[4:]) > 16 {
		return false
	}
	return be32(p[4:])|be32(p[8:]) != 0 || code != 0
}

// isNTPAnswer: mode 4 of RFC 5905, 7.3 in 48 bytes; mode 6 with the response bit
// (RFC 9327, 2); mode 7 with it (ntpd's ntp_request.h).
func isNTPAnswer(p []byte) bool {
	if len(p) < 8 {
		return false
	}
	version := p[0] >> 3 & 7
	if version == 0 || version > 4 {
		return false
	}
	switch p[0] & 7 {
	case 4:
		return len(p) >= 48
	case 6:
		return p[1]&0x80 != 0
	case 7:
		return p[0]&0x80 != 0
	}
	return false
}

// isRPCReply: a reply message (RFC 5531, 9), accepted or denied.
func isRPCReply(p []byte) bool { return len(p) >= 12 && be32(p[4:]) == 1 && be32(p[8:]) <= 1 }

// isNetBIOSAnswer: the R bit of a name service header (RFC 1002, 4.2.1.1), no
// question and at least one answer (4.2.18).
func isNetBIOSAnswer(p []byte) bool {
	return len(p) >= 12 && p[2]&0x80 != 0 && be16(p[4:]) == 0 && be16(p[6:]) > 0
}

// isRIPResponse: command 2 of version 1 or 2 and whole routes (RFC 2453, 3.6, 4).
func isRIPResponse(p []byte) bool {
	return len(p) >= 24 && p[0] == 2 && (p[1] == 1 || p[1] == 2) && be16(p[2:]) == 0
}

// isSLPReply: version 2 and a function that answers: SrvRply, SrvAck, AttrRply,
// DAAdvert, SrvTypeRply, SAAdvert (RFC 2608, 8).
func isSLPReply(p []byte) bool {
	if len(p) < 14 || p[0] != 2 {
		return false
	}
	switch p[1] {
	case 2, 5, 7, 8, 10, 11:
		return true
	}
	return false
}

// isISAKMPAnswer: the responder's cookie is set, by version 1 (RFC 2408, 3.1) or
// by version 2 with the response flag (RFC 7296, 3.1).
func isISAKMPAnswer(p []byte) bool {
	if len(p) < 28 || binary.BigEndian.Uint64(p[8:]) == 0 {
		return false
	}
	return p[17] == 0x10 || p[17] == 0x20 && p[19]&0x20 != 0
}

// isRMCPAnswer: RMCP (DMTF DSP0136, 3.2.2) with ASF's presence pong, or IPMI
// (IPMI 2.0, 13.6 and 13.8): a response's odd network function, or RMCP+'s
// answers in opening a session.
func isRMCPAnswer(p []byte) bool {
	const asf, ipmi, pong, plus = 6, 7, 0x40, 6
	if len(p) < 12 || p[0] != 6 || p[1] != 0 {
		return false
	}
	switch p[3] & 0x1f {
	case asf:
		return p[8] == pong
	case ipmi:
		if p[4] == plus {
			kind := p[5] & 0x3f
			return kind == 0x11 || kind == 0x13 || kind == 0x15
		}
		return len(p) > 15 && p[4] == 0 && p[15]>>2&1 == 1
	}
	return false
}

// isOpenVPNAnswer: P_CONTROL_HARD_RESET_SERVER_V2, or V1, with key 0 (OpenVPN's
// protocol overview: opcode in the upper five bits), and a session behind it.
func isOpenVPNAnswer(p []byte) bool { return len(p) >= 14 && (p[0] == 8<<3 || p[0] == 2<<3) }

// isSQLBrowserAnswer: SVR_RESP with the size of what follows ([MC-SQLR] 2.2.5);
// a fragment or a cut capture holds less than that.
func isSQLBrowserAnswer(p []byte) bool {
	return len(p) > 3 && p[0] == 5 && int(binary.LittleEndian.Uint16(p[1:])) >= len(p)-3
}

// isCitrixAnswer: ICA browser, by its magic and an answer's odd type, behind the
// datagram's length (as servers send; not published).
func isCitrixAnswer(p []byte) bool {
	return len(p) >= 8 && string(p[4:8]) == "\x02\xfd\xa8\xe3" && p[3]>>4 == 3 && p[3]&1 == 1 &&
		int(binary.LittleEndian.Uint16(p)) >= len(p)
}

// isL2TPAnswer: a control message (RFC 2661, 3.1: T, L and S set, version 2)
// whose first AVP says SCCRP or StopCCN, or which is a bare acknowledgement.
func isL2TPAnswer(p []byte) bool {
	if len(p) < 12 || p[0]&0xc8 != 0xc8 || p[1]&0x0f != 2 {
		return false
	}
	if len(p) < 20 {
		return be16(p[2:]) == 12
	}
	kind := be16(p[18:])
	return be32(p[14:]) == 0 && (kind == 2 || kind == 4)
}

// isARMSAnswer: Apple Remote Desktop's discovery answer, type 1 and the length
// of what follows, 1002 bytes (as devices send; not published).
func isARMSAnswer(p []byte) bool {
	return len(p) > 4 && be16(p) == 1 && be16(p[2:]) >= 256 && int(be16(p[2:])) >= len(p)-4
}

// isRDPAnswer: SYN and ACK in the header of RDP over UDP ([MS-RDPEUDP] 2.2.2.1).
func isRDPAnswer(p []byte) bool { return len(p) >= 8 && be16(p[6:])&0x05 == 0x05 }

// isCoAPAnswer: version 1, a token within its bound and a code of class 2 to 5
// (RFC 7252, 3; 4 and 5 are errors).
func isCoAPAnswer(p []byte) bool {
	return len(p) >= 4 && p[0]>>6 == 1 && p[0]&0x0f <= 8 && p[1]>>5 >= 2 && p[1]>>5 <= 5
}

// isUbiquitiAnswer: discovery version 1 or 2 and the length of what follows,
// which a request has as 0 (as devices send; not published).
func isUbiquitiAnswer(p []byte) bool {
	if len(p) <= 4 || int(be16(p[2:])) < len(p)-4 {
		return false
	}
	return p[0] == 1 && p[1] == 0 || p[0] == 2 && (p[1] == 6 || p[1] == 11)
}

// isBACnet: BACnet/IP's type, a function it knows and its length (ASHRAE 135,
// annex J.2).
func isBACnet(p []byte) bool {
	return len(p) >= 4 && p[0] == 0x81 && p[1] <= 0x0c && int(be16(p[2:])) >= len(p)
}

// isTFTPAnswer: DATA, ACK, ERROR (RFC 1350, 5) or OACK (RFC 2347).
func isTFTPAnswer(p []byte) bool { return len(p) >= 4 && p[0] == 0 && p[1] >= 3 && p[1] <= 6 }

// isTFTPTransfer: an answer from the port that a server chose for the transfer
// (RFC 1350, 4), which so little marks that only a full first block or an error
// with its text is taken for one.
func isTFTPTransfer(p []byte) bool {
	const block = 512
	switch {
	case begins(p, "\x00\x03\x00\x01"):
		return len(p) == 4+block
	case begins(p, "\x00\x05\x00") && len(p) > 5:
		text := p[4 : len(p)-1]
		return p[3] <= 8 && p[len(p)-1] == 0 && bytes.IndexByte(text, 0) < 0 && isText(text)
	}
	return false
}

// isSTUNAnswer: a binding success or error with the magic cookie (RFC 8489, 5).
func isSTUNAnswer(p []byte) bool {
	return len(p) >= 20 && (p[1] == 0x01 || p[1] == 0x11) && p[0] == 1 && p[3]&3 == 0 && be32(p[4:]) == 0x2112a442
}

// isDTLSAnswer: a handshake record of DTLS 1.0 or 1.2 (RFC 6347, 4.1) with
// ServerHello or HelloVerifyRequest (4.3.2).
func isDTLSAnswer(p []byte) bool {
	const serverHello, helloVerify = 2, 3
	return len(p) >= 14 && p[1] == 0xfe && (p[2] == 0xff || p[2] == 0xfd) &&
		(p[13] == serverHello || p[13] == helloVerify)
}

// isQUICInitial: a long header of type Initial in version 1 (RFC 9000, 17.2.2)
// or 2 (RFC 9369, 3.2), with a connection ID of at most 20 bytes.
func isQUICInitial(p []byte) bool {
	if len(p) < 7 || p[5] > 20 {
		return false
	}
	return p[0]&0xf0 == 0xc0 && be32(p[1:]) == 1 || p[0]&0xf0 == 0xd0 && be32(p[1:]) == 0x6b3343cf
}
