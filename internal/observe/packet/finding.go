package packet

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"downpour"
)

// finding is what reading a record or decoding its packet came upon. They are
// few and fixed, so that counting them is bounded whatever an input holds.
type finding uint8

const (
	fine finding = iota
	notIP
	encapsulated // within decode only: a tunnel to look into

	// With these there is no flow: no addresses can be told.
	linkUnknown
	interfaceUnknown
	linkCut
	linkSnapped
	versionBad
	headerCut
	headerSnapped
	headerLengthBad
	capturedBeyond

	// With these there is one, as far as it could be decoded.
	totalShort
	totalLong
	extensionsMany
	extensionCut
	transportCut
	tcpOffsetBad
	udpLengthBad
	timeFraction
	timeRange
	timeJump
	timeMissing
	snapExceeded
	lengthOdd
	interfacesMany
	interfaceUndescribed
	blockShort

	findings // how many there are
)

// undecoded tells whether a packet with this finding gives no flow although it
// might have been IP.
func (f finding) undecoded() bool { return f >= linkUnknown && f <= capturedBeyond }

// String is what a problem says of it.
func (f finding) String() string {
	switch f {
	case linkUnknown:
		return "packet of a link type that is not decoded"
	case interfaceUnknown:
		return "packet of an interface that was not described"
	case linkCut:
		return "frame shorter than its link header"
	case linkSnapped:
		return "packet captured no further than its link header"
	case versionBad:
		return "IP version neither 4 nor 6"
	case headerCut:
		return "packet shorter than its IP header"
	case headerSnapped:
		return "packet captured no further than its IP header"
	case headerLengthBad:
		return "IPv4 header length below 20 bytes"
	case capturedBeyond:
		return "packet said to be longer than the block that holds it"
	case totalShort:
		return "IP length below that of its header"
	case totalLong:
		return "IP length beyond the frame"
	case extensionsMany:
		return "more IPv6 extension headers than are followed"
	case extensionCut:
		return "packet ends within an IPv6 extension header"
	case transportCut:
		return "packet ends within its transport header"
	case tcpOffsetBad:
		return "TCP data offset outside the segment"
	case udpLengthBad:
		return "UDP length other than the packet's"
	case timeFraction:
		return "fraction of a second of a second or more"
	case timeRange:
		return "time beyond what 64 bits of nanoseconds hold"
	case timeJump:
		return "time more than a day from that of the packet before"
	case timeMissing:
		return "packet without a time, given that of the packet before"
	case snapExceeded:
		return "packet longer than the snap length"
	case lengthOdd:
		return "block length not a multiple of four"
	case interfacesMany:
		return "interface beyond the number that is kept"
	case interfaceUndescribed:
		return "statistics of an interface that was not described"
	case blockShort:
		return "block too short for its kind"
	case fine, notIP, encapsulated, findings:
	}
	return "nothing"
}

// ledger counts findings, each with the offset of the first, and keeps the
// damage that ended the input.
type ledger struct {
	first  [findings]int64
	count  [findings]int
	damage []downpour.Problem // one at most

	strange LinkType // the first link type met that is not decoded

	missed   uint64 // packets that the capture lost, by its own statistics
	missedAt int64
}

// note counts a finding at an offset into the uncompressed input.
func (l *ledger) note(f finding, offset int64) {
	if l.count[f] == 0 {
		l.first[f] = offset
	}
	l.count[f]++
}

// end records the damage behind which nothing is read; the first one counts.
func (l *ledger) end(offset int64, format string, args ...any) {
	if l.damage == nil {
		l.damage = []downpour.Problem{{Offset: offset, Says: fmt.Sprintf(format, args...), Count: 1}}
	}
}

// stop records why reading stops at offset: err on asking for what begins there,
// of which got bytes were had. A clean end is no damage.
func (l *ledger) stop(offset int64, err error, got int, what string) {
	switch {
	case err == io.EOF && got == 0:
	case err == io.EOF:
		l.end(offset, "the input ends within a %s", what)
	case errors.Is(err, io.ErrUnexpectedEOF):
		l.end(offset, "the compressed data end too early")
	default:
		l.end(offset, "cannot be read on: %v", err)
	}
}

// problems lists what was found by first offset, the damage included.
func (l *ledger) problems() []downpour.Problem {
	told := append([]downpour.Problem{}, l.damage...)
	if l.missed > 0 {
		told = append(told, downpour.Problem{
			Offset: l.missedAt, Says: "packets that the capturing machine dropped, by its own count", Count: int(l.missed)})
	}
	for f := linkUnknown; f < findings; f++ {
		if l.count[f] == 0 {
			continue
		}
		says := f.String()
		if f == linkUnknown {
			says += fmt.Sprintf(" (the first is %d)", l.strange)
		}
		told = append(told, downpour.Problem{Offset: l.first[f], Says: says, Count: l.count[f]})
	}
	slices.SortStableFunc(told, func(a, b downpour.Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	return told
}
