package packet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// Why an input cannot be read at all. The errors of Open and OpenFile begin with
// the input's name and wrap one of these, an fs error or a decompressor's.
var (
	ErrEmpty      = errors.New("is empty")
	ErrDirectory  = errors.New("is a directory")
	ErrNotCapture = errors.New("not a capture")
	ErrCut        = errors.New("ends within its header")
	ErrLinkType   = errors.New("frames cannot be decoded")
	// ErrUnknown is an ErrNotCapture of what is neither a capture nor compressed.
	ErrUnknown = fmt.Errorf("%w", ErrNotCapture)
)

// readAhead is the buffer before the decompressors, in bytes.
const readAhead = 64 << 10

// Open reads a capture from a stream, compressed or not; name is only for what
// is told of it. It does not close r. Memory is bounded at about 1 MiB, and what
// a zstandard window takes (at most maxZstdWindow).
func Open(name string, r io.Reader) (*Capture, error) {
	c := &Capture{name: name}
	if err := c.stream(r); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), c.Close())
	}
	return c, nil
}

// OpenFile reads a capture file. A plain regular file is mapped and walked
// without copying; anything else, such as a FIFO, is read as a stream.
func OpenFile(path string) (*Capture, error) {
	c := &Capture{name: path}
	if err := c.file(path); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), c.Close())
	}
	return c, nil
}

// stream sets c up to read r.
func (c *Capture) stream(r io.Reader) error {
	plain, done, err := decompress(bufio.NewReaderSize(&counter{from: r, read: &c.consumed}, readAhead))
	if err != nil {
		return err
	}
	c.closers = append(c.closers, done)
	c.window = newWindow(plain)
	return c.begin()
}

// file sets c up to read the file at path.
func (c *Capture) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return withoutPath(err)
	}
	c.closers = append(c.closers, f.Close)
	about, err := f.Stat()
	switch {
	case err != nil:
		return withoutPath(err)
	case about.IsDir():
		return ErrDirectory
	case !about.Mode().IsRegular():
		return c.stream(f)
	case about.Size() == 0:
		return ErrEmpty
	}
	c.total = about.Size()
	magic := make([]byte, 4)
	if n, err := f.ReadAt(magic, 0); err != nil && err != io.EOF {
		return withoutPath(err)
	} else if compressionOf(magic[:n]) != uncompressed {
		return c.stream(f)
	}
	data, unmap, err := mapFile(f, c.total)
	if err != nil { // a file system that cannot map, or no address space for it
		return c.stream(f)
	}
	c.closers = append(c.closers, unmap)
	c.window, c.mapped = mappedWindow(data), true
	return c.begin()
}

// begin tells the format from the first bytes.
func (c *Capture) begin() error {
	c.ledger = &ledger{}
	head, err := c.window.peek(pcapHeaderSize)
	if err != nil && err != io.EOF {
		return fmt.Errorf("cannot be read: %w", err)
	}
	switch {
	case len(head) == 0:
		return ErrEmpty
	case isPcap(head):
		c.kind = "pcap"
		c.records, err = newPcap(c.window, c.ledger)
		return err
	case isPcapng(head):
		c.kind = "pcapng"
		c.records = newPcapng(c.window, c.ledger)
		return nil
	}
	return notCapture(head)
}

// withoutPath takes the operation and path from an error of package os; the
// path stands before it anyway.
func withoutPath(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// counter counts what is read through it.
type counter struct {
	from io.Reader
	read *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.read.Add(int64(n))
	return n, err
}
