package sflow

import (
	"encoding/binary"
	"net/netip"

	"downpour/internal/observe/flow"
)

// header is the beginning of a datagram (section "sample_datagram_v5").
type header struct {
	agent    []byte // its address: 4 or 16 bytes, none if the agent does not know it
	subAgent uint32
	sequence uint32 // of the sub-agent's datagrams
	uptime   uint32 // milliseconds
	samples  uint32 // how many are said to follow
	size     int    // where they begin
}

// readHeader reads the beginning of a datagram; the reason is OK if it could.
func readHeader(message []byte) (header, flow.Reason) {
	if len(message) < word {
		return header{}, flow.ShortMessage
	}
	if binary.BigEndian.Uint32(message) != version {
		return header{}, flow.UnknownVersion
	}
	if len(message) < 2*word {
		return header{}, flow.ShortMessage
	}
	size := addressSize(binary.BigEndian.Uint32(message[word:]))
	if size < 0 {
		return header{}, flow.BadRecord
	}
	at := 2*word + size
	if len(message) < at+4*word {
		return header{}, flow.ShortMessage
	}
	rest := message[at:]
	return header{
		agent:    message[2*word : at],
		subAgent: binary.BigEndian.Uint32(rest),
		sequence: binary.BigEndian.Uint32(rest[word:]),
		uptime:   binary.BigEndian.Uint32(rest[2*word:]),
		samples:  binary.BigEndian.Uint32(rest[3*word:]),
		size:     at + 4*word,
	}, flow.OK
}

// addressSize is how many bytes an address of a type has; negative if there is no
// such type.
func addressSize(kind uint32) int {
	switch kind {
	case addressUnknown:
		return 0
	case addressIPv4:
		return 4
	case addressIPv6:
		return 16
	}
	return -1
}

// Agent tells the address by which an agent names itself, which is not always the
// one that its datagrams come from; false if message is no datagram of sFlow 5.
// The address is invalid if the agent does not know it, or says that it is no
// particular one.
func Agent(message []byte) (netip.Addr, bool) {
	h, reason := readHeader(message)
	if reason != flow.OK {
		return netip.Addr{}, false
	}
	if agent, _ := netip.AddrFromSlice(h.agent); !agent.IsUnspecified() {
		return agent, true
	}
	return netip.Addr{}, true
}

// cursor goes through a list of tagged parts, which samples and records are.
type cursor struct {
	rest []byte
}

// next takes the next part: its format (enterprise << 12 | number) and content.
// It is false if the list's bytes don't suffice.
func (c *cursor) next() (format uint32, body []byte, ok bool) {
	rest := c.rest
	if len(rest) < tagSize {
		return 0, nil, false
	}
	format = binary.BigEndian.Uint32(rest)
	length := uint64(binary.BigEndian.Uint32(rest[word:]))
	if rest = rest[tagSize:]; length > uint64(len(rest)) {
		return 0, nil, false
	}
	// Opaque data are padded to words (RFC 4506, 4.10), but for the last of some agents.
	c.rest = rest[min(uint64(len(rest)), (length+word-1)&^(word-1)):]
	return format, rest[:length], true
}
