package packet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"
)

// maxWire is the longest that a frame is believed to have been on the wire, in
// bytes: far above the largest super-packet of segmentation offload (512 KiB).
const maxWire = 16 << 20

// pcapVariant is what a magic number says of the records behind it.
type pcapVariant struct {
	big    bool  // most significant byte first
	unit   int64 // nanoseconds in a unit of the fraction of a second
	header int   // bytes before a frame
}

// pcapVariantOf reads the magic number (draft-ietf-opsawg-pcap, 4).
func pcapVariantOf(head []byte) (pcapVariant, bool) {
	if len(head) < 4 {
		return pcapVariant{}, false
	}
	little, big := binary.LittleEndian.Uint32(head), binary.BigEndian.Uint32(head)
	for _, known := range []struct {
		magic  uint32
		unit   time.Duration
		header int
	}{
		{magicMicroseconds, time.Microsecond, pcapRecordSize},
		{magicNanoseconds, time.Nanosecond, pcapRecordSize},
		{magicKuznetzov, time.Microsecond, kuznetzovRecord},
	} {
		if known.magic == little || known.magic == big {
			return pcapVariant{known.magic == big, int64(known.unit), known.header}, true
		}
	}
	return pcapVariant{}, false
}

// pcap reads the records of a pcap file.
type pcap struct {
	pcapVariant
	window *window
	ledger *ledger
	snap   uint32 // the longest capture of a frame, within our own bound
	units  uint32 // how many units make a second
	link   LinkType
}

// newPcap reads the header of a pcap file, which w stands at the beginning of.
func newPcap(w *window, l *ledger) (*pcap, error) {
	header, err := w.peek(pcapHeaderSize)
	if err == io.EOF {
		return nil, ErrCut
	} else if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	p := &pcap{window: w, ledger: l}
	p.pcapVariant, _ = pcapVariantOf(header)
	major, minor := p.word(header[4:])&0xffff, p.word(header[4:])>>16
	if p.big {
		major, minor = minor, major
	}
	if major != pcapMajorVersion || minor < pcapMinorVersion {
		return nil, fmt.Errorf("%w: pcap version %d.%d is not 2.4", ErrNotCapture, major, minor)
	}
	p.units = uint32(int64(time.Second) / p.unit)
	if p.snap = p.word(header[16:]); p.snap == 0 || p.snap > maxFrame {
		p.snap = maxFrame // 0 is none
	}
	// The upper half of the word tells of a frame check sequence, which IP's
	// own length leaves out.
	p.link = LinkType(p.word(header[20:]) & 0xffff)
	if !p.link.known() {
		return nil, fmt.Errorf("%w: link type %d", ErrLinkType, p.link)
	}
	w.take(pcapHeaderSize)
	return p, nil
}

// word reads 32 bits in the file's byte order.
func (p *pcap) word(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if p.big {
		return bits.ReverseBytes32(v)
	}
	return v
}

// words reads the four words of a record header.
func (p *pcap) words(b []byte) (seconds, fraction, captured, length uint32) {
	_ = b[pcapRecordSize-1]
	if p.big {
		be := binary.BigEndian
		return be.Uint32(b), be.Uint32(b[4:]), be.Uint32(b[8:]), be.Uint32(b[12:])
	}
	le := binary.LittleEndian
	return le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:])
}

// next reads a record (draft-ietf-opsawg-pcap, 5).
func (p *pcap) next(r *record) bool {
	r.offset = p.window.offset()
	header, err := p.window.peek(p.header)
	if err != nil {
		p.ledger.stop(r.offset, err, len(header), "record header")
		return false
	}
	seconds, fraction, captured, length := p.words(header)
	// Where captured exceeds length the difference wraps and is looked at too.
	if (captured > p.snap || captured == 0 || fraction >= p.units || length-captured > maxWire) &&
		!p.sound(r.offset, [4]uint32{seconds, fraction, captured, length}) {
		return false
	}
	whole, err := p.window.peek(p.header + int(captured))
	if err != nil {
		p.ledger.stop(r.offset, err, len(whole), "record")
		return false
	}
	p.window.take(len(whole))
	r.frame = whole[p.header:]
	r.length = int(max(length, captured))
	r.time = int64(seconds)*int64(time.Second) + int64(fraction)*p.unit
	r.link, r.found = p.link, fine
	return true
}

// sound looks at a record header that is not as it should be. One oddity is
// remarked on and read over, since writers have their faults; what cannot be a
// header any more is damage, behind which the records' places are lost.
func (p *pcap) sound(offset int64, header [4]uint32) bool {
	fraction, captured, length := header[1], header[2], header[3]
	switch {
	case header == [4]uint32{}:
		p.ledger.end(offset, "zeros where a record should begin")
		return false
	case captured > maxFrame:
		p.ledger.end(offset, "record says that it holds %d bytes; none holds more than %d", captured, maxFrame)
		return false
	case length > maxFrame+maxWire:
		p.ledger.end(offset, "record says that its frame had %d bytes", length)
		return false
	case captured > p.snap && fraction >= p.units:
		p.ledger.end(offset, "record header makes no sense: %d bytes captured of at most %d, at %d parts of a second",
			captured, p.snap, fraction)
		return false
	}
	if captured > p.snap {
		p.ledger.note(snapExceeded, offset)
	}
	if fraction >= p.units {
		p.ledger.note(timeFraction, offset)
	}
	return true
}
