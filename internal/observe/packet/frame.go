package packet

import "downpour"

// DecodeFrame reads the header of a packet that something else sampled or
// captured (a raw packet header of sFlow, a packet section of IPFIX, a frame off
// an interface) into f, as a flow of one packet with a sampling of 1. length is
// what the frame had on the wire, in bytes, and becomes f.Bytes; frame is as much
// of it as was kept. What cannot be known of a cut header stays zero.
//
// It tells whether addresses were found; without them f means nothing. f.Time,
// f.Ingress and f.Sampling are the caller's to set. It allocates nothing.
func DecodeFrame(link LinkType, frame []byte, length int, f *downpour.Flow) bool {
	length = max(length, len(frame))
	if found := decode(link, frame, length, f); found == notIP || found.undecoded() {
		return false
	}
	f.Bytes = uint64(length)
	return true
}
