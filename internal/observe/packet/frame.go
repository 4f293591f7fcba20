package packet

import "downpour"

// Options say how packets within packets are treated. The zero value is the usual.
type Options struct {
	// Decapsulate makes the innermost packet of IP in IP, GRE and any VXLAN the
	// flow. Usually the outer one is, since a flood of GRE is aimed at the tunnel's
	// end; and what seems to be in it may be made up by who sends the flood.
	Decapsulate bool
}

// DecodeFrame reads the header of a packet that something else sampled or
// captured (a raw packet header of sFlow, a packet section of IPFIX, a frame off
// an interface) into f, as a flow of one packet with a sampling of 1. length is
// what the frame had on the wire, in bytes, and becomes f.Bytes; frame is as much
// of it as was kept. What cannot be known of a cut header stays zero.
//
// It tells whether addresses were found; without them f means nothing. f.Time,
// f.Ingress and f.Sampling are the caller's to set. It allocates nothing.
func DecodeFrame(link LinkType, frame []byte, length int, f *downpour.Flow) bool {
	return Options{}.DecodeFrame(link, frame, length, f)
}

// DecodeFrame is the function of that name, with tunnels treated as the options
// say.
func (o Options) DecodeFrame(link LinkType, frame []byte, length int, f *downpour.Flow) bool {
	length = max(length, len(frame))
	if found := decode(link, frame, length, f); found == notIP || found.undecoded() {
		return false
	}
	if o.Decapsulate {
		decapsulate(link, frame, length, f)
	}
	f.Bytes = uint64(length)
	return true
}

// decapsulate reads the innermost packet of a frame into f, which is the outer
// one, if that is a tunnel.
func decapsulate(link LinkType, frame []byte, length int, f *downpour.Flow) {
	switch f.Protocol {
	case downpour.ProtocolIPIP, downpour.ProtocolIPv6, downpour.ProtocolGRE, downpour.ProtocolUDP:
		if at, found := skipLink(link, frame); found == fine {
			_ = decodeInside(frame[at:], length-at, true, f)
		}
	}
}

// HeaderLength tells how many bytes of a frame stand before its payload of TCP or
// UDP, from the link header on; 0 if it bears no such.
func HeaderLength(link LinkType, frame []byte) int {
	at, found := skipLink(link, frame)
	if found != fine {
		return 0
	}
	protocol, begins, ok := payloadOf(frame[at:], len(frame)-at)
	if !ok {
		return 0
	}
	at += begins
	switch protocol {
	case downpour.ProtocolTCP:
		if len(frame) >= at+tcpSize {
			return at + int(frame[at+12]>>4)*4
		}
	case downpour.ProtocolUDP:
		return at + udpSize
	}
	return 0
}
