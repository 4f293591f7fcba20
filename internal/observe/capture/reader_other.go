//go:build !linux

package capture

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Reader captures from an interface; not on this system.
type Reader struct{}

// New says that packets can't be captured here (errors.ErrUnsupported).
func New(config Config) (*Reader, error) {
	return nil, fmt.Errorf("capture from %s: not supported on %s, only on Linux: %w", config.Interface, runtime.GOOS, errors.ErrUnsupported)
}

// Run does nothing here.
func (r *Reader) Run(context.Context) error { return errors.ErrUnsupported }

// Stats counts nothing here.
func (r *Reader) Stats() Stats { return Stats{} }

// Close does nothing here.
func (r *Reader) Close() error { return nil }
