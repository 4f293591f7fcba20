package export

import (
	"downpour"
	capture "downpour/internal/observe/packet"
)

// The rule by which a capture is read as flow export and not as packets. It is a
// majority over its beginning, so that an attacker who sends some datagrams in
// the shape of flow export into captured traffic changes nothing; who sends
// nothing else, from spoofed addresses, is betrayed by their number.
const (
	judgedFrames = 4096 // of the capture's beginning
	judgedPairs  = 64   // of exporter and collector, at most
	noticedShare = 20   // one in so many packets is worth a word in a capture of packets
)

// Verdict is what a capture's beginning shows.
type Verdict struct {
	// Export says that the capture is to be read as flow export: more than half
	// of its IP packets belong to messages whose structure fits to the last
	// byte, between at most judgedPairs pairs of addresses.
	Export bool
	// Carried is how many of Packets IP packets belong to flow export.
	Carried, Packets uint64
	// Start is the time of the first frame, nanoseconds since the epoch; 0 if
	// there is none.
	Start int64
}

// Mixed says that a capture read as packets holds enough flow export to be told.
func (v Verdict) Mixed() bool {
	return !v.Export && v.Carried*noticedShare >= v.Packets && v.Carried > 0
}

// pair is an exporter and a collector.
type pair struct{ source, destination downpour.Address }

// Judge reads the beginning of a capture.
func Judge(frames *capture.Frames) Verdict {
	x := newExtractor()
	pairs := map[pair]struct{}{}
	n, start := 0, int64(0)
	frames.Each(func(f *capture.Frame) bool {
		x.frame(f, func(from ends, _ bool, _ []byte) {
			if len(pairs) <= judgedPairs {
				pairs[pair{from.source, from.destination}] = struct{}{}
			}
		})
		if n == 0 {
			start = f.Time
		}
		n++
		return n < judgedFrames
	})
	return Verdict{
		Export:  x.carried*2 > x.ip && len(pairs) <= judgedPairs,
		Carried: x.carried, Packets: x.ip, Start: start,
	}
}
