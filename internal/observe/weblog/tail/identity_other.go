//go:build !unix

package tail

import "os"

// identity is not told here: a file's beginning alone tells it from others.
func identity(os.FileInfo) (device, inode uint64) { return 0, 0 }
