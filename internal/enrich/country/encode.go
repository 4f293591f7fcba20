package country

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"
)

// The file's form, after zstd (RFC 8878): the magic line; build time (uvarint,
// seconds since the epoch); name (uvarint length, bytes); countries (uvarint
// count, two letters each); then per family, IPv4 before IPv6, the number of
// ranges (uvarint), the differences between successive starts (uvarints, the
// first start being zero and not written) and one country index a range.
const magic = "downpour-country/1\n"

// Bounds of what a file may ask for, far above what the registries hold.
const (
	maxRanges  = 1 << 22
	maxDecoded = 64 << 20 // bytes
	maxName    = 256      // bytes
)

// Encode writes the table in its file form.
func (t *Table) Encode() ([]byte, error) {
	b := []byte(magic)
	b = binary.AppendUvarint(b, uint64(t.built.Unix()))
	b = binary.AppendUvarint(b, uint64(len(t.name)))
	b = append(b, t.name...)
	b = binary.AppendUvarint(b, uint64(len(t.codes)-1))
	for _, code := range t.codes[1:] {
		b = append(b, code...)
	}
	b = appendRanges(b, &t.v4)
	b = appendRanges(b, &t.v6)
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(b, nil), w.Close()
}

func appendRanges[T uint32 | uint64](b []byte, r *ranges[T]) []byte {
	b = binary.AppendUvarint(b, uint64(len(r.starts)))
	for i := 1; i < len(r.starts); i++ {
		b = binary.AppendUvarint(b, uint64(r.starts[i]-r.starts[i-1]))
	}
	return append(b, r.owners...)
}

// Decode reads a table from its file form and refuses one that is damaged.
func Decode(data []byte) (*Table, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecoded))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	plain, err := r.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("country table: %w", err)
	}
	t, err := parse(plain)
	if err != nil {
		return nil, fmt.Errorf("country table: %w", err)
	}
	return t, nil
}

var errShort = errors.New("ends in the middle")

// parse reads the decompressed form.
func parse(b []byte) (*Table, error) {
	b, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, errors.New("is not one: the first line is wrong")
	}
	in := &reader{rest: b}
	t := &Table{codes: []string{""}}
	t.built = time.Unix(int64(in.number(1<<40)), 0).UTC()
	t.name = string(in.take(int(in.number(maxName))))
	for range in.number(255) {
		code := string(in.take(2))
		if in.err == nil && !validCode(code) {
			return nil, fmt.Errorf("%q is no country code", code)
		}
		t.codes = append(t.codes, code)
	}
	readRanges(in, &t.v4, 1<<32-1, len(t.codes))
	readRanges(in, &t.v6, ^uint64(0), len(t.codes))
	if in.err != nil {
		return nil, in.err
	}
	if len(in.rest) > 0 {
		return nil, fmt.Errorf("%d bytes too many", len(in.rest))
	}
	t.ready()
	return t, nil
}

// reader takes numbers and bytes off the front and remembers the first error.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) number(limit uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	switch {
	case r.err != nil:
		return 0
	case n <= 0:
		r.err = errShort
		return 0
	case v > limit:
		r.err = fmt.Errorf("%d is above the bound of %d", v, limit)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) take(n int) []byte {
	if r.err == nil && n > len(r.rest) {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func readRanges[T uint32 | uint64](in *reader, r *ranges[T], top uint64, countries int) {
	count := int(in.number(maxRanges))
	if in.err == nil && (count == 0 || count > len(in.rest)+1) {
		in.err = errShort
	}
	if in.err != nil {
		return
	}
	r.starts = make([]T, count)
	for i := 1; i < count; i++ {
		step := in.number(top - uint64(r.starts[i-1]))
		if in.err == nil && step == 0 {
			in.err = errors.New("two ranges begin at one address")
		}
		r.starts[i] = r.starts[i-1] + T(step)
	}
	r.owners = bytes.Clone(in.take(count))
	for _, owner := range r.owners {
		if int(owner) >= countries {
			in.err = fmt.Errorf("range of country %d, of %d", owner, countries)
			return
		}
	}
}
