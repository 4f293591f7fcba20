package flow

import "encoding/binary"

// Version is a protocol of flow export.
type Version uint8

// The protocols.
const (
	NetFlow5 Version = 5
	NetFlow9 Version = 9
	IPFIX    Version = 10
	SFlow5   Version = 105
)

// String names a version as `decode` prints it: "5", "9", "10", "sflow5".
func (v Version) String() string {
	switch v {
	case NetFlow5:
		return "5"
	case NetFlow9:
		return "9"
	case IPFIX:
		return "10"
	case SFlow5:
		return "sflow5"
	}
	return "unknown"
}

// VersionOf reads the version that a message begins with, and tells whether it is
// one of ours: sFlow's has four bytes, the others' two. Another one below 256 is
// given as it stands, such as NetFlow v7's, so that people can be told; what
// begins with none is 0.
func VersionOf(message []byte) (v Version, ours bool) {
	if len(message) < 4 {
		return 0, false
	}
	if binary.BigEndian.Uint32(message) == 5 {
		return SFlow5, true
	}
	number := binary.BigEndian.Uint16(message)
	if number > 255 {
		return 0, false
	}
	switch v = Version(number); v {
	case NetFlow5, NetFlow9, IPFIX:
		return v, true
	case SFlow5: // which is our number for it, nobody's on the wire
		return 0, false
	}
	return v, false
}
