//go:build !unix

package packet

import (
	"errors"
	"os"
)

// mapFile maps nothing here; files are then read as streams.
func mapFile(*os.File, int64) ([]byte, func() error, error) {
	return nil, nil, errors.ErrUnsupported
}
