package attack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"downpour"
)

// What detectors know survives a restart in two checkpoints: what is usual
// (learned.go), which is large and changes slowly, and the attacks that are open
// (resume.go). Each is a line that says what it is, a version, the event time, what
// each partition has to say, and a checksum. One that is damaged or of another
// version is refused as a whole.

// checkpointVersion changes with what a checkpoint holds.
const checkpointVersion = 1

// The lines that checkpoints begin with.
const (
	learnedMark = "downpour attack baseline\n"
	openMark    = "downpour open attacks\n"
)

// seal makes a checkpoint of what is written.
func seal(mark string, at int64, write func(*coder)) []byte {
	c := &coder{data: []byte(mark)}
	version := uint32(checkpointVersion)
	number(c, &version)
	number(c, &at)
	write(c)
	return binary.BigEndian.AppendUint32(c.data, crc32.Checksum(c.data, crc32.MakeTable(crc32.Castagnoli)))
}

// unseal checks a checkpoint and has it read.
func unseal(mark string, state []byte, read func(c *coder, at int64)) error {
	const sum = 4
	if len(state) < len(mark)+sum || string(state[:len(mark)]) != mark {
		return errors.New("it is none")
	}
	body := state[:len(state)-sum]
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(state[len(body):]) {
		return errors.New("it is damaged: its checksum is wrong")
	}
	c := &coder{data: body[len(mark):], reads: true}
	var version uint32
	var at int64
	number(c, &version)
	if c.err == nil && version != checkpointVersion {
		return fmt.Errorf("it is of version %d, and this program's is %d", version, checkpointVersion)
	}
	number(c, &at)
	read(c, at)
	if c.err == nil && len(c.data) > 0 {
		c.refuse("%d bytes are left", len(c.data))
	}
	return c.err
}

// coder writes state, or reads it: by the same lines, so that the two cannot differ.
// After the first fault it reads nothing but zeros.
type coder struct {
	data  []byte // written, or left to be read
	reads bool
	err   error
}

// refuse says what of what is read cannot be.
func (c *coder) refuse(format string, args ...any) {
	if !c.reads {
		return
	}
	if c.err == nil {
		c.err = fmt.Errorf("it is damaged: "+format, args...)
	}
	c.data = nil
}

// number codes a number in as few bytes as it needs.
func number[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int64](c *coder, v *T) {
	if !c.reads {
		c.data = binary.AppendUvarint(c.data, uint64(*v))
		return
	}
	u, n := binary.Uvarint(c.data)
	if n <= 0 || uint64(T(u)) != u {
		c.refuse("a number is missing")
		*v = 0
		return
	}
	c.data, *v = c.data[n:], T(u)
}

// float codes a finite number that is not negative.
func float[T ~float32 | ~float64](c *coder, v *T) {
	bits := math.Float64bits(float64(*v))
	if !c.reads {
		c.data = binary.BigEndian.AppendUint64(c.data, bits)
		return
	}
	*v = 0
	if len(c.data) < 8 {
		c.refuse("a number is missing")
		return
	}
	f := math.Float64frombits(binary.BigEndian.Uint64(c.data))
	if c.data = c.data[8:]; !(f >= 0) || math.IsInf(f, 1) {
		c.refuse("%v is no rate", f)
		return
	}
	*v = T(f)
}

// octet codes a byte as it is.
func octet[T ~uint8](c *coder, v *T) {
	switch {
	case !c.reads:
		c.data = append(c.data, uint8(*v))
	case len(c.data) == 0:
		c.refuse("a byte is missing")
		*v = 0
	default:
		*v, c.data = T(c.data[0]), c.data[1:]
	}
}

func (c *coder) flag(v *bool) {
	n := uint8(0)
	if *v {
		n = 1
	}
	octet(c, &n)
	*v = n != 0
}

// length codes how many of something there are, at most.
func (c *coder) length(n, most int) int {
	u := uint64(n)
	number(c, &u)
	if c.reads && u > uint64(most) {
		c.refuse("%d where there can be %d", u, most)
		return 0
	}
	return int(u)
}

func (c *coder) text(v *string) {
	n := c.length(len(*v), longestText)
	if !c.reads {
		c.data = append(c.data, *v...)
		return
	}
	if n > len(c.data) {
		c.refuse("a text ends early")
		n = 0
	}
	*v, c.data = string(c.data[:n]), c.data[n:]
}

func (c *coder) address(v *downpour.Address) {
	number(c, &v.Hi)
	number(c, &v.Lo)
}

// class codes a class, of which there are so many.
func (c *coder) class(v *Class) {
	if number(c, v); c.reads && *v >= classes {
		c.refuse("there is no class %d", *v)
		*v = 0
	}
}

// level codes a rate to within a sixth of a doubling.
func (c *coder) level(v *float32) {
	l := level(0)
	if *v > 0 {
		l = levelOf(*v)
	}
	if octet(c, &l); c.reads {
		*v = l.rate()
	}
}

func (c *coder) volume(v *volume) {
	number(c, &v.packets)
	number(c, &v.bytes)
	number(c, &v.samples)
	if c.reads && (v.samples > v.packets || v.samples == 0 && v.packets > 0) {
		c.refuse("%d samples stand for %d packets", v.samples, v.packets)
		*v = volume{}
	}
}

func (c *coder) usual(u *usualRate) {
	c.level(&u.packets)
	c.level(&u.bits)
}

// asOf is the event time that a checkpoint is of: never later than now, since a
// clock may have been set back.
func asOf(at int64, now time.Time) int64 { return min(at, now.UnixNano()) }
