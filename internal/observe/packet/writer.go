package packet

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// The sizes of a pcap file's and record's header, in bytes
// (draft-ietf-opsawg-pcap, 4 and 5).
const (
	pcapHeaderSize   = 24
	pcapRecordSize   = 16
	kuznetzovRecord  = 24
	pcapMajorVersion = 2
	pcapMinorVersion = 4
)

// The magic numbers of pcap files as their writer's byte order has them.
const (
	magicMicroseconds = 0xa1b2c3d4
	magicNanoseconds  = 0xa1b23c4d
	magicKuznetzov    = 0xa1b2cd34 // records bear the interface, protocol and direction too
)

// maxFrame is the longest frame that is read or written, in bytes: libpcap's
// MAXIMUM_SNAPLEN. A record that says more is damage.
const maxFrame = 256 << 10

// Writer writes a pcap file, little endian, version 2.4. It is not safe for
// concurrent use and does not buffer.
type Writer struct {
	to         io.Writer
	nanosecond bool
	record     []byte
}

// NewWriter writes the file's header to w and returns the writer of its packets;
// without nanosecond, times are cut to microseconds.
func NewWriter(w io.Writer, link LinkType, nanosecond bool) (*Writer, error) {
	magic := uint32(magicMicroseconds)
	if nanosecond {
		magic = magicNanoseconds
	}
	le := binary.LittleEndian
	header := le.AppendUint32(nil, magic)
	header = le.AppendUint16(header, pcapMajorVersion)
	header = le.AppendUint16(header, pcapMinorVersion)
	header = append(header, make([]byte, 8)...) // time zone and accuracy: always 0
	header = le.AppendUint32(header, maxFrame)
	header = le.AppendUint32(header, uint32(link))
	if _, err := w.Write(header); err != nil {
		return nil, err
	}
	return &Writer{to: w, nanosecond: nanosecond}, nil
}

// WritePacket writes one record: its time in nanoseconds since the Unix epoch
// (from 1970 to 2106, as the format allows), the bytes captured, and how many
// the frame had on the wire; 0 means that all were captured.
func (w *Writer) WritePacket(timeNs int64, frame []byte, origLen int) error {
	if origLen == 0 {
		origLen = len(frame)
	}
	seconds, fraction := timeNs/int64(time.Second), timeNs%int64(time.Second)
	switch {
	case timeNs < 0 || seconds > 1<<32-1:
		return fmt.Errorf("pcap cannot hold the time %d ns", timeNs)
	case len(frame) > maxFrame || origLen < len(frame) || origLen > 1<<31-1:
		return fmt.Errorf("pcap cannot hold a frame of %d bytes with %d captured", origLen, len(frame))
	}
	if !w.nanosecond {
		fraction /= int64(time.Microsecond)
	}
	le := binary.LittleEndian
	w.record = le.AppendUint32(w.record[:0], uint32(seconds))
	w.record = le.AppendUint32(w.record, uint32(fraction))
	w.record = le.AppendUint32(w.record, uint32(len(frame)))
	w.record = le.AppendUint32(w.record, uint32(origLen))
	_, err := w.to.Write(append(w.record, frame...))
	return err
}
