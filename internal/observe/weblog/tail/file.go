package tail

import (
	"bytes"
	"os"
	"slices"
	"time"
)

// file is one file that is followed, by its handle: whatever becomes of its name.
type file struct {
	path     string // under which it was last seen
	origin   string // under which it was first seen, before any rotation
	handle   *os.File
	about    os.FileInfo // of when it was opened: its identity
	head     []byte      // its first bytes, up to headSize
	offset   int64       // behind the last line that was handed over
	skipping bool        // the rest of a line that was too long
	seen     bool        // whether the pattern leads to it now
	replaced bool        // whether it was rotated away
	quiet    int         // polls since it last grew
	size     int64       // at the last poll
	modified time.Time   // likewise
}

func (at *file) close() { at.handle.Close() }

// isDone tells of a rotated file that nobody writes to any longer.
func (at *file) isDone() bool { return at.replaced && at.quiet > quietPolls }

// beginning reads the first bytes.
func (at *file) beginning() []byte {
	b := make([]byte, headSize)
	n, err := readFull(at.handle, b, 0)
	if err != nil {
		return nil
	}
	return b[:n]
}

// lastLine is where the last line begins that is not complete yet, or the end.
func (at *file) lastLine() int64 {
	size := at.about.Size()
	tail := make([]byte, min(size, chunkSize))
	n, err := readFull(at.handle, tail, size-int64(len(tail)))
	if err != nil {
		return size
	}
	if i := bytes.LastIndexByte(tail[:n], '\n'); i >= 0 {
		return size - int64(len(tail)) + int64(i) + 1
	}
	return size - int64(len(tail))
}

// read hands over what is new. more is true if there is more at once, refused if
// it was not taken.
func (at *file) read(take Take) (more, refused bool, err error) {
	for limit := at.offset + maxPoll; at.offset < at.size; {
		n, complete, err := at.chunk(take, at.size)
		if err != nil {
			return false, false, err
		}
		if !complete {
			return true, true, nil
		}
		if n == 0 {
			break // a partial line waits
		}
		if at.offset >= limit {
			return at.offset < at.size, false, nil
		}
	}
	return false, false, nil
}

// wasTruncated looks at the file and tells whether it is not the one that was read
// so far; if it is, it learns its beginning as that grows. It is asked before what
// is new is read, and no more is read than was there then: so nothing is taken for
// new that was written after a truncation that is not known yet.
func (at *file) wasTruncated() bool {
	about, err := at.handle.Stat()
	if err != nil {
		return false
	}
	size := about.Size()
	if at.quiet++; size != at.size {
		at.quiet = 0
	}
	at.size, at.modified = size, about.ModTime()
	now := at.beginning()
	if size < at.offset || !bytes.HasPrefix(now, at.head) {
		return true
	}
	at.head = now
	return false
}

// restart begins a file that was truncated anew.
func (at *file) restart() {
	at.offset, at.skipping = 0, false
	at.head = at.beginning()
}

// chunk reads up to the file's size and hands over the lines that are complete. It
// returns how far it came; complete is false if not everything was taken.
func (at *file) chunk(take Take, size int64) (n int, complete bool, err error) {
	b := make([]byte, min(size-at.offset, chunkSize))
	got, err := readFull(at.handle, b, at.offset)
	if err != nil {
		return 0, false, err
	}
	b = b[:got]
	if at.skipping {
		i := bytes.IndexByte(b, '\n')
		if at.skipping = i < 0; at.skipping {
			i = len(b) - 1
		}
		at.offset += int64(i + 1)
		return i + 1, true, nil
	}
	i := bytes.LastIndexByte(b, '\n')
	if i < 0 {
		if len(b) <= MaxLine+1 {
			return 0, true, nil
		}
		line := slices.Concat(b[:MaxLine+1], []byte("\n"))
		if take(line) < len(line) {
			return 0, false, nil
		}
		at.offset += int64(len(b))
		at.skipping = true
		return len(b), true, nil
	}
	n = take(b[: i+1 : i+1])
	at.offset += int64(n)
	return n, n == i+1, nil
}

// last hands over a last line without line feed, once nobody will end it. False if
// it was not taken.
func (at *file) last(take Take) bool {
	about, err := at.handle.Stat()
	if err != nil || at.skipping || about.Size() <= at.offset {
		return true
	}
	b := make([]byte, min(about.Size()-at.offset, MaxLine+1))
	n, err := readFull(at.handle, b, at.offset)
	if err != nil || n == 0 {
		return true
	}
	taken := take(b[:n])
	at.offset += int64(taken)
	return taken == n
}
