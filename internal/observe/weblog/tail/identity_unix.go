//go:build unix

package tail

import (
	"os"
	"syscall"
)

// identity is what tells a file from all others while it exists.
func identity(about os.FileInfo) (device, inode uint64) {
	if s, ok := about.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), s.Ino //nolint:unconvert // Dev is signed on some systems
	}
	return 0, 0
}
