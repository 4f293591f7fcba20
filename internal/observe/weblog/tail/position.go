package tail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Position is how far a file has been read, as it is kept over a restart. It holds
// nothing of the file's content.
type Position struct {
	Path   string `json:"path"`
	Device uint64 `json:"device,omitempty"`
	Inode  uint64 `json:"inode,omitempty"`
	Offset int64  `json:"offset"`
	// Head is the SHA-256 of the first HeadSize bytes.
	Head     string    `json:"head"`
	HeadSize int       `json:"head_size"`
	Telling  bool      `json:"telling"`            // whether the head is enough to know the file or its copy by
	Skipping bool      `json:"skipping,omitempty"` // within a line that was too long
	Modified time.Time `json:"modified"`
	Ignored  bool      `json:"ignored,omitempty"` // not to be read: a copy
}

// Positions are where all files stand; before the first Poll where an earlier run
// left them.
func (f *Follower) Positions() []Position {
	if !f.begun {
		return slices.Concat(f.saved, f.ended)
	}
	return append(f.following(), f.ended...)
}

func (f *Follower) following() []Position {
	list := []Position{}
	for _, at := range f.files {
		list = append(list, at.position())
	}
	return list
}

func (at *file) position() Position {
	device, inode := identity(at.about)
	return Position{
		Path: at.origin, Device: device, Inode: inode, Offset: at.offset, Head: digest(at.head), HeadSize: len(at.head),
		Telling: tells(at.head), Skipping: at.skipping, Modified: at.modified,
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// restore gives the files of an earlier run their positions, and returns those
// that were rotated away meanwhile: with what was not read of them, and those that
// came and went in between, in their order.
func (f *Follower) restore(paths []string, present []*file) (rotated []*file) {
	for _, p := range f.saved {
		at := match(present, p, false)
		if at != nil {
			p.apply(at)
			continue
		}
		siblings := f.siblings(p.Path, paths, append(present, rotated...))
		if at = match(siblings, p, true); at != nil {
			p.apply(at)
			rotated = append(rotated, at)
		} else if copied := match(present, p, true); copied != nil {
			p.apply(copied) // a pattern that leads to copies too
		} else {
			f.stats.Lost++
		}
		since := p.Modified
		if at != nil {
			since = at.about.ModTime()
		}
		for _, s := range siblings {
			switch {
			case s == at:
			case !s.about.ModTime().Before(since) && !f.isSaved(s) && !f.isEnded(s):
				rotated = append(rotated, s)
			default:
				s.close()
			}
		}
		f.stats.Rotations++
	}
	return rotated
}

// isSaved tells whether another saved position is of this file.
func (f *Follower) isSaved(at *file) bool {
	return slices.ContainsFunc(f.saved, func(p Position) bool { return match([]*file{at}, p, true) != nil })
}

// match finds the file that a position is of: by its identity and its beginning,
// or, since a copy made before a truncation is as good, by its beginning alone.
func match(files []*file, p Position, copies bool) *file {
	for _, at := range files {
		if p.isOf(at) || copies && p.Telling && p.begins(at) {
			return at
		}
	}
	return nil
}

// isOf tells whether a position is of this very file.
func (p *Position) isOf(at *file) bool {
	device, inode := identity(at.about)
	return device == p.Device && inode == p.Inode && p.begins(at)
}

// tells is true of a beginning that no other file has but a copy: with the whole of
// its first line, in which the time stands, or much of that.
func tells(head []byte) bool { return len(head) == headSize || bytes.IndexByte(head, '\n') >= 0 }

// begins tells whether a file begins as the one that a position is of, and is as
// long at least.
func (p *Position) begins(at *file) bool {
	return at.about.Size() >= p.Offset && p.HeadSize <= len(at.head) && digest(at.head[:p.HeadSize]) == p.Head
}

func (p *Position) apply(at *file) {
	at.offset, at.skipping, at.origin = p.Offset, p.Skipping, p.Path
}

// maxSiblings bounds the names that are looked through for rotated files.
const maxSiblings = 4096

// siblings opens the files beside a path whose name begins with its, as rotation
// names them, besides those that are followed, the least recently changed first.
func (f *Follower) siblings(path string, paths []string, followed []*file) []*file {
	var found []*file
	for _, folder := range foldersOf(path) {
		entries, _ := os.ReadDir(folder.dir) // none if it cannot be read
		for _, e := range entries[:min(len(entries), maxSiblings)] {
			name := filepath.Join(folder.dir, e.Name())
			if !strings.HasPrefix(e.Name(), folder.base) || slices.Contains(paths, name) || !e.Type().IsRegular() || len(found) == MaxFiles {
				continue
			}
			if at := openSibling(name); at != nil {
				taken := isCompressed(at.head) ||
					slices.ContainsFunc(slices.Concat(followed, found), func(o *file) bool { return os.SameFile(o.about, at.about) })
				if taken {
					at.close()
					continue
				}
				found = append(found, at)
			}
		}
	}
	slices.SortFunc(found, func(a, b *file) int { return a.about.ModTime().Compare(b.about.ModTime()) })
	return found
}

type folder struct{ dir, base string }

// foldersOf is where rotated files of a path may be: beside it, and beside what it
// links to.
func foldersOf(path string) []folder {
	list := []folder{{filepath.Dir(path), filepath.Base(path)}}
	if real, err := filepath.EvalSymlinks(path); err == nil && filepath.Dir(real) != filepath.Dir(path) {
		list = append(list, folder{filepath.Dir(real), filepath.Base(real)})
	}
	return list
}

func openSibling(path string) *file {
	handle, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	about, err := handle.Stat()
	if err != nil || !about.Mode().IsRegular() { // it has become another since
		handle.Close()
		return nil
	}
	at := &file{path: path, origin: path, handle: handle, about: about, modified: about.ModTime(), replaced: true}
	at.head = at.beginning()
	return at
}
