package state

import (
	"encoding/binary"
	"fmt"
	"math"

	"downpour"
)

// Coder writes state, or reads it: by the same lines, so that the two cannot differ.
// After the first fault it reads nothing but zeros.
type Coder struct {
	data  []byte // written, or left to be read
	reads bool
	err   error
}

// Reads tells whether state is read, not written.
func (c *Coder) Reads() bool { return c.reads }

// Err is the first fault of what was read; nil if there is none.
func (c *Coder) Err() error { return c.err }

// Len is how many bytes were written, or are left to be read.
func (c *Coder) Len() int { return len(c.data) }

// Refuse says what of what is read cannot be. Where state is written it does nothing.
func (c *Coder) Refuse(format string, args ...any) {
	if !c.reads {
		return
	}
	if c.err == nil {
		c.err = fmt.Errorf("it is damaged: "+format, args...)
	}
	c.data = nil
}

// Number codes a number in as few bytes as it needs.
func Number[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int32 | ~int64](c *Coder, v *T) {
	if !c.reads {
		c.data = binary.AppendUvarint(c.data, uint64(*v))
		return
	}
	u, n := binary.Uvarint(c.data)
	if n <= 0 || uint64(T(u)) != u {
		c.Refuse("a number is missing")
		*v = 0
		return
	}
	c.data, *v = c.data[n:], T(u)
}

// Float codes a finite number that is not negative.
func Float[T ~float32 | ~float64](c *Coder, v *T) {
	bits := math.Float64bits(float64(*v))
	if !c.reads {
		c.data = binary.BigEndian.AppendUint64(c.data, bits)
		return
	}
	*v = 0
	if len(c.data) < 8 {
		c.Refuse("a number is missing")
		return
	}
	f := math.Float64frombits(binary.BigEndian.Uint64(c.data))
	if c.data = c.data[8:]; !(f >= 0) || math.IsInf(f, 1) {
		c.Refuse("%v is no rate", f)
		return
	}
	*v = T(f)
}

// Octet codes a byte as it is.
func Octet[T ~uint8](c *Coder, v *T) {
	switch {
	case !c.reads:
		c.data = append(c.data, uint8(*v))
	case len(c.data) == 0:
		c.Refuse("a byte is missing")
		*v = 0
	default:
		*v, c.data = T(c.data[0]), c.data[1:]
	}
}

// Flag codes a yes or no.
func (c *Coder) Flag(v *bool) {
	n := uint8(0)
	if *v {
		n = 1
	}
	Octet(c, &n)
	*v = n != 0
}

// Length codes how many of something there are, at most.
func (c *Coder) Length(n, most int) int {
	u := uint64(n)
	Number(c, &u)
	if c.reads && u > uint64(most) {
		c.Refuse("%d where there can be %d", u, most)
		return 0
	}
	return int(u)
}

// Text codes a text of at most so many bytes. A longer one must not be written.
func (c *Coder) Text(v *string, most int) {
	n := c.Length(len(*v), most)
	if !c.reads {
		c.data = append(c.data, *v...)
		return
	}
	if n > len(c.data) {
		c.Refuse("a text ends early")
		n = 0
	}
	*v, c.data = string(c.data[:n]), c.data[n:]
}

// Address codes an address.
func (c *Coder) Address(v *downpour.Address) {
	Number(c, &v.Hi)
	Number(c, &v.Lo)
}
