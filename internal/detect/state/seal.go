// Package state writes what detectors know, and reads it again after a restart. What
// is written is a line that says what it is, a version, the event time, what its
// detectors have to say, and a checksum. Where one is damaged, or of another version,
// it is refused as a whole.
package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Kind says what a state is of.
type Kind struct {
	Mark    string // the line that it begins with
	Version uint32 // changes with what it holds
}

// checksum is the length of what ends a state: its CRC-32C, big-endian.
const checksum = 4

func sumOf(body []byte) uint32 { return crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) }

// Seal makes a state, as of an event time, of what write codes.
func (k Kind) Seal(at int64, write func(*Coder)) []byte {
	c := &Coder{data: []byte(k.Mark)}
	Number(c, &k.Version)
	Number(c, &at)
	write(c)
	return binary.BigEndian.AppendUint32(c.data, sumOf(c.data))
}

// Unseal checks a state and has read code it, as of the event time at. Nothing that was
// read may be used if it returns an error.
func (k Kind) Unseal(state []byte, read func(c *Coder, at int64)) error {
	if len(state) < len(k.Mark)+checksum || string(state[:len(k.Mark)]) != k.Mark {
		return errors.New("it is none")
	}
	body := state[:len(state)-checksum]
	if sumOf(body) != binary.BigEndian.Uint32(state[len(body):]) {
		return errors.New("it is damaged: its checksum is wrong")
	}
	c := &Coder{data: body[len(k.Mark):], reads: true}
	var version uint32
	var at int64
	Number(c, &version)
	if c.err == nil && version != k.Version {
		return fmt.Errorf("it is of version %d, and this program's is %d", version, k.Version)
	}
	Number(c, &at)
	read(c, at)
	if c.err == nil && len(c.data) > 0 {
		c.Refuse("%d bytes are left", len(c.data))
	}
	return c.err
}

// AsOf is the event time that a state is of: never later than now, since a clock may
// have been set back.
func AsOf(at int64, now time.Time) int64 { return min(at, now.UnixNano()) }
