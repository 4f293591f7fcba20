package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Bounds.
const (
	// MaxLine is the longest line that is handed over, in bytes; of a longer one
	// so much and one byte more, so that it shows.
	MaxLine = 64 << 10
	// MaxFiles is how many files one pattern may lead to; others are not read and
	// counted.
	MaxFiles = 256
	// chunkSize is how much is read at a time.
	chunkSize = 256 << 10
	// maxPoll is how much of a file is read in one Poll, so that a long file does
	// not keep others waiting.
	maxPoll = 16 << 20
	// quietPolls is for how many polls a file that was rotated away is still
	// watched since it last grew: servers write to it until they are told to
	// reopen. At four polls a second it is a minute.
	quietPolls = 240
	// headSize is how much of a file's beginning tells it from another.
	headSize = 256
)

// Follower follows the files that a pattern leads to. Its methods are called from
// one goroutine.
type Follower struct {
	pattern string
	files   []*file
	// copies are files that were found to be copies of followed ones, as
	// copytruncate makes them, and others that are not to be read.
	ignored []*ignored
	ended   []Position // the last ones that are done with, of earlier runs too
	saved   []Position // of an earlier run; nil if there was none
	begun   bool
	stats   Stats
}

// Stats tell what a Follower met.
type Stats struct {
	Files     int    // that are followed now, rotated ones included
	Rotations uint64 // files that took another's place, or were truncated
	Lost      uint64 // files of an earlier run that could not be found again, with what was not read of them
	Ignored   uint64 // files beyond MaxFiles, copies, compressed ones
	// Problem is why the last poll could not read something; "" if it could.
	Problem string
}

// New returns a follower of the files that a pattern (as in filepath.Glob; a plain
// path is one) leads to. With positions of an earlier run it goes on where that
// ended; without, files that are there already are read from their present end.
func New(pattern string, saved []Position) *Follower {
	f := &Follower{pattern: pattern}
	for _, p := range saved {
		if p.Ignored {
			f.ended = append(f.ended, p)
		}
	}
	if saved != nil {
		f.saved = slices.DeleteFunc(slices.Clone(saved), func(p Position) bool { return p.Ignored })
	}
	return f
}

// Take receives whole lines, each with its line feed; the last line of a file that
// was rotated away may lack it. The memory is the receiver's. It returns how many
// bytes it took, which must end with a line; less than all ends the poll, and the
// rest comes again.
type Take func(lines []byte) int

// Poll hands over all that was written since the last one, of rotated files
// first. more is true if there is more to read at once.
func (f *Follower) Poll(take Take) (more bool) {
	f.stats.Problem = ""
	f.look()
	f.begun = true
	defer func() { f.stats.Files = len(f.files) }()
	for i := 0; i < len(f.files); i++ {
		at := f.files[i]
		if at.wasTruncated() {
			f.stats.Rotations++
			f.passCopies(at)
			at.restart()
		}
		again, refused, err := at.read(take)
		if err != nil {
			f.problem(at.path, err)
		}
		if more = more || again; refused || again && at.replaced {
			return true // what comes after in time waits
		}
		if at.isDone() && at.last(take) {
			at.close()
			f.finish(at)
			f.files = slices.Delete(f.files, i, i+1)
			i--
		}
	}
	return more
}

// finish remembers a file that is done with, so that its name is not taken for a
// file that came and went unseen.
func (f *Follower) finish(at *file) {
	if len(f.ended) == MaxFiles {
		f.ended = slices.Delete(f.ended, 0, 1)
	}
	p := at.position()
	p.Offset, p.Ignored = 0, true
	f.ended = append(f.ended, p)
}

// passCopies finds the copies that were made of a file before it was truncated:
// what they hold was read.
func (f *Follower) passCopies(at *file) {
	for _, s := range f.siblings(at.path, nil, f.files) {
		if tells(at.head) && bytes.HasPrefix(s.head, at.head) {
			f.finish(s)
		}
		s.close()
	}
}

// isEnded tells whether a file is done with, now or since an earlier run.
func (f *Follower) isEnded(at *file) bool {
	return slices.ContainsFunc(f.ended, func(p Position) bool { return p.isOf(at) })
}

// Stats are the counters.
func (f *Follower) Stats() Stats { return f.stats }

// Close closes the files.
func (f *Follower) Close() {
	for _, at := range f.files {
		at.close()
	}
	f.files = nil
}

func (f *Follower) problem(path string, err error) {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	f.stats.Problem = fmt.Sprintf("%s: %v", path, err)
}

// look finds out which files the pattern leads to now.
func (f *Follower) look() {
	paths := []string{f.pattern}
	if strings.ContainsAny(f.pattern, "*?[") {
		paths, _ = filepath.Glob(f.pattern) // the only error is of the pattern, which was checked
	}
	for _, at := range f.files {
		at.seen = false
	}
	for _, i := range f.ignored {
		i.seen = false
	}
	var fresh []*file
	for _, path := range paths {
		about, err := os.Stat(path)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				f.problem(path, err)
			}
			continue
		}
		if at := f.known(about); at != nil {
			at.path, at.seen = path, true
			continue
		}
		if n := f.open(path); n != nil {
			fresh = append(fresh, n)
			if f.begun {
				fresh = append(f.between(path, paths, fresh), fresh...)
			}
		}
	}
	f.ignored = slices.DeleteFunc(f.ignored, func(i *ignored) bool { return !i.seen })
	for _, at := range f.files {
		if !at.seen && !at.replaced {
			at.quiet = 0
			f.stats.Rotations++
		}
		at.replaced = !at.seen
	}
	if !f.begun && f.saved != nil {
		fresh = append(f.restore(paths, fresh), fresh...)
	}
	f.files = append(f.files, fresh...)
}

// between finds the files that took a path's place and were rotated away again
// since the last poll, now that there is a new one: they were changed after the
// one before was last seen to change.
func (f *Follower) between(path string, paths []string, fresh []*file) (found []*file) {
	var since time.Time
	for _, p := range slices.Concat(f.ended, f.following()) {
		if p.Path == path && p.Modified.After(since) {
			since = p.Modified
		}
	}
	if since.IsZero() {
		return nil // it is the first
	}
	for _, s := range f.siblings(path, paths, slices.Concat(f.files, fresh)) {
		if f.isEnded(s) || s.about.ModTime().Before(since) || f.isUnwanted(s) {
			s.close()
			continue
		}
		found = append(found, s)
		f.stats.Rotations++
	}
	return found
}

// known returns the followed file that is this one.
func (f *Follower) known(about os.FileInfo) *file {
	for _, at := range f.files {
		if os.SameFile(at.about, about) {
			return at
		}
	}
	return nil
}

// open begins to follow a file; nil if it is not to be read.
func (f *Follower) open(path string) *file {
	// Not to wait for whoever should write to a named pipe; it is refused below.
	handle, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		f.problem(path, err)
		return nil
	}
	about, err := handle.Stat()
	if err == nil && !about.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	if err != nil {
		handle.Close()
		f.problem(path, err)
		return nil
	}
	at := &file{path: path, origin: path, handle: handle, about: about, modified: about.ModTime(), seen: true}
	if f.known(about) != nil || f.isIgnored(path, about) {
		handle.Close()
		return nil
	}
	at.head = at.beginning()
	if f.isUnwanted(at) {
		handle.Close()
		f.ignored = append(f.ignored, &ignored{at, true})
		if !f.isEnded(at) {
			f.finish(at)
		}
		f.stats.Ignored++
		return nil
	}
	if !f.begun && f.saved == nil {
		at.offset = at.lastLine()
	}
	return at
}

// isUnwanted tells of files that are beyond the bound, compressed, done with, or
// copies of a followed file beside it.
func (f *Follower) isUnwanted(at *file) bool {
	if len(f.files) >= MaxFiles || isCompressed(at.head) || f.isEnded(at) {
		return true
	}
	for _, other := range f.files {
		if f.begun && tells(other.head) && filepath.Dir(at.path) == filepath.Dir(other.path) &&
			at.path != other.path && len(at.head) >= len(other.head) && bytes.Equal(at.head[:len(other.head)], other.head) {
			return true
		}
	}
	return false
}

func isCompressed(head []byte) bool {
	for _, magic := range []string{"\x1f\x8b", "\x28\xb5\x2f\xfd", "BZh", "\xfd7zX"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// ignored is a file that is not read: a copy, a compressed one, one too many.
type ignored struct {
	*file
	seen bool
}

// isIgnored tells whether a file was found not to be one to read.
func (f *Follower) isIgnored(path string, about os.FileInfo) bool {
	for _, i := range f.ignored {
		if os.SameFile(i.about, about) {
			i.path, i.seen = path, true
			return true
		}
	}
	return false
}

// readFull reads as much as there is from a place in the file.
func readFull(f *os.File, b []byte, at int64) (int, error) {
	n, err := f.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
