package packet

import (
	"bytes"
)

// textLooked is how much of a payload is looked at to call it text, and
// searched how far a word is searched for, in bytes: enough for the protocols
// below and bounded, since an attacker chooses the payload.
const (
	textLooked = 32
	searched   = 512
)

// begins tells whether p begins with a text.
func begins(p []byte, text string) bool { return len(p) >= len(text) && string(p[:len(text)]) == text }

// contains tells whether a text stands in the first bytes of p.
func contains(p []byte, text string) bool {
	return bytes.Contains(p[:min(len(p), searched)], []byte(text))
}

// isHTTPAnswer: a status line of HTTP/1 (RFC 9112, 4).
func isHTTPAnswer(p []byte) bool { return begins(p, "HTTP/1.") }

// isHTTPRequest: a request line's method (RFC 9110, 9.3; RFC 5789).
func isHTTPRequest(p []byte) bool {
	switch p[0] {
	case 'G':
		return begins(p, "GET ")
	case 'P':
		return begins(p, "POST ") || begins(p, "PUT ") || begins(p, "PATCH ")
	case 'H':
		return begins(p, "HEAD ")
	case 'D':
		return begins(p, "DELETE ")
	case 'O':
		return begins(p, "OPTIONS ")
	case 'C':
		return begins(p, "CONNECT ")
	case 'T':
		return begins(p, "TRACE ")
	}
	return false
}

// isText: printable ASCII with line ends, as QOTD (RFC 865) and the character
// generator's popular patterns (RFC 864) are.
func isText(p []byte) bool {
	for _, b := range p[:min(len(p), textLooked)] {
		if (b < ' ' || b > '~') && b != '\r' && b != '\n' && b != '\t' {
			return false
		}
	}
	return true
}

// isSSDPAnswer: a search response (UPnP Device Architecture 1.1, 1.3.3). Many
// devices send it from a port other than 1900.
func isSSDPAnswer(p []byte) bool { return begins(p, "HTTP/1.1 200") }

// isSIPAnswer: a status line (RFC 3261, 7.2).
func isSIPAnswer(p []byte) bool { return begins(p, "SIP/2.0 ") }

// isSOAP: an XML envelope, as WS-Discovery's ProbeMatches (OASIS WS-Discovery
// 1.1, 5.3) and the faults that devices answer nonsense with are.
func isSOAP(p []byte) bool { return p[0] == '<' && contains(p, "nvelope") }

// isProbeMatch: WS-Discovery's answer from another port than its own.
func isProbeMatch(p []byte) bool { return contains(p, "ProbeMatch") }

// isPlexAnswer: Plex's G'Day Mate discovery answers in HTTP with its own content
// type (plex/media-server, plex/media-player).
func isPlexAnswer(p []byte) bool { return begins(p, "HTTP/1.") && contains(p, "plex/") }

// isJenkinsAnswer: the broadcast answer of Jenkins up to 2.218 (SECURITY-1641).
func isJenkinsAnswer(p []byte) bool { return begins(p, "<hudson>") || begins(p, "<jenkins>") }

// isDVRAnswer: the discovery of Dahua's recorders, JSON bare or behind a header
// of 32 bytes that has DHIP at its fifth (as the devices send; not published).
func isDVRAnswer(p []byte) bool {
	if len(p) > 32 && begins(p[4:], "DHIP") {
		p = p[32:]
	}
	return p[0] == '{' && contains(p, `"`)
}

// isDHTAnswer: a response or error of BitTorrent's DHT (BEP 5): a bencoded
// dictionary that begins with r, e or (BEP 42) ip. uTP's two plain bytes prove
// too little to be looked for.
func isDHTAnswer(p []byte) bool {
	return begins(p, "d1:rd2:id20:") || begins(p, "d1:eli") || begins(p, "d2:ip") && contains(p, "1:rd2:id20:")
}

// isMemcachedAnswer: the frame header of memcached's UDP (doc/protocol.txt, UDP
// protocol) with a reply behind it, or a later datagram of a longer answer.
func isMemcachedAnswer(p []byte) bool {
	if len(p) <= 8 {
		return false
	}
	sequence, datagrams := be16(p[2:]), be16(p[4:])
	if be16(p[6:]) != 0 || sequence >= datagrams {
		return false
	}
	if sequence > 0 {
		return true
	}
	reply := p[8:]
	if reply[0] == 0x81 { // a response of the binary protocol
		return true
	}
	for _, word := range [...]string{"VALUE ", "STAT ", "END", "ERROR", "CLIENT_ERROR", "SERVER_ERROR",
		"STORED", "NOT_STORED", "VERSION ", "OK", "RESET"} {
		if begins(reply, word) {
			return true
		}
	}
	return false
}

// isQuakeAnswer: out-of-band answers of id Software's engines (the server's
// sources: SVC_Status, SVC_Info) and QuakeWorld's status, which begins with n.
func isQuakeAnswer(p []byte) bool {
	if !begins(p, "\xff\xff\xff\xff") {
		return false
	}
	p = p[4:]
	return begins(p, "statusResponse") || begins(p, "infoResponse") || begins(p, "print\n") || begins(p, `n\`)
}

// isSteamAnswer: Valve's server queries (developer.valvesoftware.com, Server
// queries): info, player, rules, challenge, GoldSource's info; or a part of a
// split answer.
func isSteamAnswer(p []byte) bool {
	if len(p) >= 12 && begins(p, "\xfe\xff\xff\xff") {
		return true
	}
	if len(p) < 6 || !begins(p, "\xff\xff\xff\xff") {
		return false
	}
	switch p[4] {
	case 'I', 'D', 'E', 'm':
		return true
	case 'A': // a challenge, and nothing else
		return len(p) == 9
	}
	return false
}
