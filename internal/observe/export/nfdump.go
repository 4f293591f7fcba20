package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// maxLine is the longest line of CSV that is read, in bytes; nfdump's are below
// a thousand.
const maxLine = 64 << 10

// column is what a column of nfdump's CSV means.
type column uint8

const (
	columnOther column = iota
	columnFirst
	columnLast
	columnDuration
	columnSource
	columnDestination
	columnSourcePort
	columnDestinationPort
	columnProtocol
	columnFlags
	columnTOS
	columnPackets
	columnBytes
	columnInput
	columnOutput
	columnSourceAS
	columnDestinationAS
	columnPreviousAS
	columnDirection
	columnNextHop
	columnRouter
	columnVLAN
	columnSourceMAC
	columnDestinationMAC
	columnICMPType
	columnICMPCode
	columnTTL
	columns
)

// columnOf tells what a column is by its name: those of nfdump 1.6 to 1.7.1,
// those of 1.7.2 and later, and those of `-o csv-fast` and of formats put
// together with `-o csv:...` (nfdump's output_csv.c).
func columnOf(name string) column {
	switch strings.ToLower(name) {
	case "ts", "firstseen":
		return columnFirst
	case "te", "lastseen":
		return columnLast
	case "td", "duration":
		return columnDuration
	case "sa", "srcaddr":
		return columnSource
	case "da", "dstaddr":
		return columnDestination
	case "sp", "srcport":
		return columnSourcePort
	case "dp", "dstport":
		return columnDestinationPort
	case "pr", "proto":
		return columnProtocol
	case "flg", "flags":
		return columnFlags
	case "stos", "tos", "srctos":
		return columnTOS
	case "ipkt", "pkt", "packets", "inpackets":
		return columnPackets
	case "ibyt", "byt", "bytes", "inbytes":
		return columnBytes
	}
	return rareColumnOf(strings.ToLower(name))
}

func rareColumnOf(name string) column {
	switch name {
	case "in", "input":
		return columnInput
	case "out", "output":
		return columnOutput
	case "sas", "srcas":
		return columnSourceAS
	case "das", "dstas":
		return columnDestinationAS
	case "pas", "prevas":
		return columnPreviousAS
	case "dir", "direction":
		return columnDirection
	case "nh", "nextip":
		return columnNextHop
	case "ra", "routerip":
		return columnRouter
	case "svln", "srcvlan":
		return columnVLAN
	case "ismc", "insrcmac":
		return columnSourceMAC
	case "idmc", "indstmac":
		return columnDestinationMAC
	case "icmptype":
		return columnICMPType
	case "icmpcode":
		return columnICMPCode
	case "minttl":
		return columnTTL
	}
	return columnOther
}

// header is what a header line says of the columns.
type header struct {
	names []string
	kinds []column
	last  int // the last column that a record must have
}

// readHeader reads a header line; false if the line is none of nfdump's: one with
// at least the first time, both addresses, packets and bytes.
func readHeader(line []byte) (header, bool) {
	h := header{names: strings.Split(string(bytes.TrimSpace(line)), ",")}
	var seen [columns]bool
	for i, name := range h.names {
		k := columnOf(name)
		if k != columnOther && seen[k] {
			k = columnOther // the first one counts
		}
		seen[k] = true
		h.kinds = append(h.kinds, k)
		switch k {
		case columnFirst, columnSource, columnDestination, columnPackets, columnBytes:
			h.last = i
		}
	}
	return h, seen[columnFirst] && seen[columnSource] && seen[columnDestination] && seen[columnPackets] && seen[columnBytes]
}

// IsNfdumpCSV tells from the first bytes of an input whether it is CSV that
// nfdump wrote, by its header line.
func IsNfdumpCSV(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	_, ok := readHeader(line)
	return ok
}

// csvFeed reads records that nfdump printed. A line arrives when its flow ended:
// nfdump prints when it was received too, but of a converted file that is the
// time of the conversion.
type csvFeed struct {
	from   io.ReadCloser
	lines  *bufio.Reader
	file   *file
	header header
	zone   *time.Location
	line   int64 // of the one at hand, from 1 on
	read   int64
	record flow.Record
	fields []flow.Field
	router downpour.Address
	ended  bool
}

func newCSVFeed(name string, r io.ReadCloser, zone *time.Location) *csvFeed {
	if zone == nil {
		zone = time.UTC
	}
	return &csvFeed{from: r, lines: bufio.NewReaderSize(r, maxLine), zone: zone, file: &file{name: name, group: name, kind: Kind}}
}

// next reads the next line that is a record.
func (c *csvFeed) next(m *Message) bool {
	for {
		line, ok := c.take()
		if !ok {
			return false
		}
		if len(line) == 0 {
			continue
		}
		if h, isHeader := readHeader(line); isHeader { // files put one behind the other
			c.header = h
			continue
		}
		if c.ends(line) {
			continue
		}
		if !c.parse(line) {
			c.file.trouble[lineBad].add(c.line, 1)
			continue
		}
		if isNone(c.record.Source) && isNone(c.record.Destination) { // so nfdump tells of a tunnel
			c.file.refused[flow.NoAddress].add(c.line, 1)
			continue
		}
		*m = Message{
			Payload: line, At: c.record.Time + int64(c.record.Duration)*int64(time.Millisecond),
			sender: c.router, from: c.file, offset: c.line, record: &c.record, fields: c.fields,
		}
		return true
	}
}

func isNone(a downpour.Address) bool { return a.Netip().IsUnspecified() }

// ends tells whether a line begins the summary, or is part of it: nothing behind
// it is a record until another header.
func (c *csvFeed) ends(line []byte) bool {
	if string(line) == "Summary" || bytes.HasPrefix(line, []byte("Summary:")) {
		c.header = header{}
	}
	return len(c.header.kinds) == 0
}

// take reads a line without its end; false at the end of the input.
func (c *csvFeed) take() ([]byte, bool) {
	if c.ended {
		return nil, false
	}
	line, err := c.lines.ReadSlice('\n')
	c.read += int64(len(line))
	c.line++
	for errors.Is(err, bufio.ErrBufferFull) { // passed over, not held
		line, err = c.lines.ReadSlice('\n')
		c.read += int64(len(line))
		if !errors.Is(err, bufio.ErrBufferFull) {
			c.file.trouble[lineBad].add(c.line, 1)
			line = nil
		}
	}
	if err != nil {
		c.ended = true
		if !errors.Is(err, io.EOF) {
			c.file.damage = append(c.file.damage, downpour.Problem{
				Offset: c.line, Says: fmt.Sprintf("cannot be read on: %v", err), Count: 1})
		}
		if len(line) == 0 {
			return nil, false
		}
	}
	return bytes.TrimRight(line, "\r\n"), true
}

func (c *csvFeed) inputs() []*file { return []*file{c.file} }

func (c *csvFeed) progress() (read, total int64) { return c.read, 0 }

func (c *csvFeed) close() error { return c.from.Close() }
