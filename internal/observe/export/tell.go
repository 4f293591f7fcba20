package export

import (
	"encoding/binary"

	"downpour/internal/observe/flow"
)

// The sizes of headers and records, in bytes.
const (
	v5HeaderSize    = 24 // Cisco, NetFlow Export Datagram Format, version 5
	v5RecordSize    = 48
	v5MaxRecords    = 30
	v9HeaderSize    = 20 // RFC 3954, 5.1
	ipfixHeaderSize = 16 // RFC 7011, 3.1
	setHeaderSize   = 4  // RFC 3954, 5.2; RFC 7011, 3.3.2
	sflowHeaderSize = 28 // sFlow version 5, of an IPv4 agent; 12 more for IPv6
	sflowMaxSamples = 512
)

// protocolOf says of which protocol a message is, whose structure fits from its first
// byte to its last; 0 if it fits none. Few other payloads do by chance: at least
// a version, a count or length and the chain of all its sets must agree.
func protocolOf(message []byte) flow.Version {
	v := resembles(message)
	whole := false
	switch v {
	case flow.NetFlow5:
		whole = isV5(message)
	case flow.NetFlow9:
		whole = isV9(message)
	case flow.IPFIX:
		whole = isIPFIX(message)
	case flow.SFlow5:
		n, ok := sflowLength(message)
		whole = ok && n == len(message)
	}
	if !whole {
		return 0
	}
	return v
}

// resembles says of which protocol a message would be by its version alone, and
// long enough for that one's header; 0 if of none. Damaged messages still
// resemble what they were.
func resembles(message []byte) flow.Version {
	v, _ := flow.VersionOf(message)
	least := headerSize(v)
	if least == 0 || len(message) < least {
		return 0
	}
	if v == flow.SFlow5 { // whose agent, in what is told by content alone, must have an address
		if family := binary.BigEndian.Uint32(message[4:]); family != 1 && family != 2 {
			return 0
		}
	}
	return v
}

// headerSize is how long a protocol's header is at least; 0 if it is none of ours.
func headerSize(v flow.Version) int {
	switch v {
	case flow.NetFlow5:
		return v5HeaderSize
	case flow.NetFlow9:
		return v9HeaderSize
	case flow.IPFIX:
		return ipfixHeaderSize
	case flow.SFlow5:
		return sflowHeaderSize
	}
	return 0
}

// isV5 tells whether the count of records makes the length.
func isV5(b []byte) bool {
	count := int(binary.BigEndian.Uint16(b[2:]))
	return count >= 1 && count <= v5MaxRecords && len(b) == v5HeaderSize+count*v5RecordSize
}

// isV9 tells whether flow sets follow one another up to the end, behind which
// only zeros may stand: some exporters fill their datagrams up.
func isV9(b []byte) bool {
	count := binary.BigEndian.Uint16(b[2:])
	sets, rest := walkSets(b[v9HeaderSize:], 0, 1)
	return count >= 1 && sets >= 1 && allZero(rest)
}

// isIPFIX tells whether the message's length is its own word for it and sets
// follow one another up to its end.
func isIPFIX(b []byte) bool {
	if int(binary.BigEndian.Uint16(b[2:])) != len(b) {
		return false
	}
	sets, rest := walkSets(b[ipfixHeaderSize:], 2, 3)
	return sets >= 1 && len(rest) == 0
}

// walkSets passes over the sets at the beginning of b whose ids are those of
// templates and options templates, or of data (256 and above); it returns how
// many there were and what stands behind them.
func walkSets(b []byte, template, options uint16) (sets int, rest []byte) {
	for len(b) >= setHeaderSize {
		id, length := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if id != template && id != options && id < 256 || length < setHeaderSize || length > len(b) ||
			length == setHeaderSize && id == 0 {
			break
		}
		sets++
		b = b[length:]
	}
	return sets, b
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// sflowLength walks the samples of an sFlow datagram; it returns how long the
// datagram is, and whether b holds all of it.
func sflowLength(b []byte) (int, bool) {
	at := 8 + 4
	if binary.BigEndian.Uint32(b[4:]) == 2 {
		at = 8 + 16
	}
	at += 12 // sub-agent, sequence number, uptime
	if len(b) < at+4 {
		return 0, false
	}
	samples := binary.BigEndian.Uint32(b[at:])
	at += 4
	if samples == 0 || samples > sflowMaxSamples {
		return 0, false
	}
	for range samples {
		if len(b) < at+8 {
			return 0, false
		}
		length := binary.BigEndian.Uint32(b[at+4:])
		if uint64(length) > uint64(len(b)-at-8) || length%4 != 0 {
			return 0, false
		}
		at += 8 + int(length)
	}
	return at, true
}

// exportTime is the export time in a message's header, in nanoseconds since the
// epoch; 0 if it bears none (sFlow) or is too short.
func exportTime(b []byte) int64 {
	const second = 1_000_000_000
	switch resembles(b) {
	case flow.NetFlow5:
		// The residual is said in nanoseconds; some exporters put others there.
		return int64(binary.BigEndian.Uint32(b[8:]))*second + int64(binary.BigEndian.Uint32(b[12:])%second)
	case flow.NetFlow9:
		return int64(binary.BigEndian.Uint32(b[8:])) * second
	case flow.IPFIX:
		return int64(binary.BigEndian.Uint32(b[4:])) * second
	}
	return 0
}

// sflowUptime is how long an sFlow agent runs by its datagram, in nanoseconds.
func sflowUptime(b []byte) int64 {
	at := 8 + 4 + 8
	if binary.BigEndian.Uint32(b[4:]) == 2 {
		at += 12
	}
	if len(b) < at+4 {
		return 0
	}
	return int64(binary.BigEndian.Uint32(b[at:])) * 1_000_000
}
