package netflow

import (
	"encoding/binary"

	"downpour/internal/observe/flow"
)

// split parts data that may hold several messages, one behind another as files
// do, into the first and the rest. A message of v5 or IPFIX says how long it is;
// one of v9 ends where another's header begins.
func split(data []byte) (message, rest []byte) {
	if len(data) < header10Size {
		return data, nil
	}
	size := len(data)
	switch flow.Version(binary.BigEndian.Uint16(data)) {
	case flow.NetFlow5:
		size = header5Size + record5Size*int(binary.BigEndian.Uint16(data[2:]))
	case flow.IPFIX:
		size = int(binary.BigEndian.Uint16(data[2:]))
	case flow.NetFlow9:
		size = size9(data)
	}
	if size < header10Size || size > len(data) {
		return data, nil
	}
	return data[:size], data[size:]
}

// size9 follows the sets of a message of v9 to where the version of another
// message stands in place of a set's id: no set has one of those.
func size9(b []byte) int {
	at := header9Size
	for at+setSize <= len(b) {
		id, length := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		if flow.Version(id) >= flow.NetFlow5 && id <= uint16(flow.IPFIX) && len(b)-at >= header10Size {
			return at
		}
		if length < setSize {
			break
		}
		at += length
	}
	return len(b)
}
