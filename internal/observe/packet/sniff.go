package packet

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow bounds what a zstandard stream may have us hold, in bytes: what
// `zstd --long` asks for at most without further ado.
const maxZstdWindow = 128 << 20

// peekSize is how much of an input Peek looks at, in bytes: a whole zstandard
// block (RFC 8878, 3.1.1.2.4: at most 128 KiB), since less decodes to nothing.
const peekSize = 160 << 10

// headSize is how much of the uncompressed content Peek returns at most.
const headSize = 4 << 10

// shownBytes is how much of a file that is no capture an error quotes.
const shownBytes = 16

// compression is how an input is compressed.
type compression string

const (
	uncompressed compression = ""
	gzipped      compression = "gzip"   // RFC 1952, 2.3.1
	zstandard    compression = "zstd"   // RFC 8878, 3.1.1 and 3.1.2
	bzipped      compression = "bzip2"  // recognised to name it, not read
	xzipped      compression = "xz"     // recognised to name it, not read
	lz4ed        compression = "lz4"    // recognised to name it, not read
	zipped       compression = "zip"    // recognised to name it, not read
	sevenZipped  compression = "7-Zip"  // recognised to name it, not read
	snappied     compression = "snappy" // recognised to name it, not read
)

// compressionOf tells the compression from the first bytes.
func compressionOf(head []byte) compression {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzipped
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return zstandard
	case len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18":
		return zstandard // a skippable frame first, as pzstd writes
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzipped
	case bytes.HasPrefix(head, []byte("\xfd7zX")):
		return xzipped
	case bytes.HasPrefix(head, []byte("\x04\x22\x4d\x18")):
		return lz4ed
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return zipped
	case bytes.HasPrefix(head, []byte("7z\xbc\xaf")):
		return sevenZipped
	case bytes.HasPrefix(head, []byte("\xff\x06\x00\x00")):
		return snappied
	}
	return uncompressed
}

// decompress returns the plain content of r, whatever it is compressed with, and
// what releases the decompressor.
func decompress(r *bufio.Reader) (io.Reader, func() error, error) {
	head, err := r.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, fmt.Errorf("cannot be read: %w", err)
	}
	switch how := compressionOf(head); how {
	case uncompressed:
		return r, func() error { return nil }, nil
	case gzipped:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot be decompressed: %w", err)
		}
		// Close only repeats what reading said of damage.
		return z, func() error { _ = z.Close(); return nil }, nil
	case zstandard:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("cannot be decompressed: %w", err)
		}
		return z, func() error { z.Close(); return nil }, nil
	default:
		return nil, nil, fmt.Errorf("%w: is compressed with %s; gzip and zstd are read", ErrNotCapture, how)
	}
}

// IsCapture tells from the first bytes of an uncompressed input (24 do) whether
// it is a packet capture.
func IsCapture(head []byte) bool { return isPcap(head) || isPcapng(head) }

// Peek looks at the beginning of an input, through gzip or zstandard: head is up
// to 4 KiB of its uncompressed content, shorter at the end or at damage, and
// whole reads the input from its beginning, as compressed as r is. The error is
// r's own; io.EOF is none.
func Peek(r io.Reader) (head []byte, whole io.Reader, err error) {
	b := bufio.NewReaderSize(r, peekSize)
	// A plain stream may be live, so no more of it is waited for than is needed.
	start, err := b.Peek(pcapHeaderSize)
	if err != nil && err != io.EOF {
		return nil, b, err
	}
	if how := compressionOf(start); how != gzipped && how != zstandard {
		head, err = b.Peek(min(b.Buffered(), headSize))
		return head, b, err
	}
	packed, err := b.Peek(peekSize)
	if err != nil && err != io.EOF {
		return nil, b, err
	}
	return unpackHead(packed), b, nil
}

// unpackHead decompresses the first bytes of what packed holds.
func unpackHead(packed []byte) []byte {
	plain, done, err := decompress(bufio.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return nil
	}
	head := make([]byte, headSize)
	n, _ := io.ReadFull(plain, head) // that it is cut short is in the nature of it
	_ = done()
	return head[:n]
}

// isPcap tells a pcap file by its magic number.
func isPcap(head []byte) bool {
	_, ok := pcapVariantOf(head)
	return ok
}

// isPcapng tells a pcapng file by its first block and the byte-order magic in it.
func isPcapng(head []byte) bool {
	if len(head) < 12 || binary.LittleEndian.Uint32(head) != blockSection {
		return false
	}
	return binary.LittleEndian.Uint32(head[8:]) == byteOrderMagic ||
		binary.BigEndian.Uint32(head[8:]) == byteOrderMagic
}

// notCapture says what a file that is no capture begins with.
func notCapture(head []byte) error {
	shown, more := head, ""
	if len(head) > shownBytes {
		shown, more = head[:shownBytes], "..."
	}
	quoted := fmt.Sprintf("%+q", shown)
	return fmt.Errorf("%w: begins with %s", ErrUnknown, strings.TrimSuffix(quoted, `"`)+more+`"`)
}
