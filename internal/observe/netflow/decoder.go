package netflow

import (
	"encoding/binary"
	"hash/maphash"

	"downpour/internal/observe/flow"
	"downpour/internal/observe/packet"
)

// Config says how an exporter's datagrams are decoded.
type Config struct {
	// Sampling, if not 0, is the rate 1:N that holds whatever the exporter says.
	Sampling uint32
	// Stream says that messages come in order and none is lost (IPFIX over TCP or
	// TLS, one Decoder a connection), so that sequence numbers say nothing.
	Stream bool
	// Headers says how tunnels are treated in the packets whose sections it exports.
	Headers packet.Options
	// Limits bound what the exporter can make us hold; zero ones are the default.
	Limits Limits
}

// Limits bound the memory that an exporter can take. What exceeds them pushes out
// what was used least recently.
type Limits struct {
	Domains   int // observation domains, those of each version apart; default 256
	Templates int // of all domains; default 4096
	Fields    int // of one template; default 1024
	AllFields int // of all templates together; default 65536
	Waiting   int // bytes of data sets that wait for their templates; default 1 MiB
	Names     int // interface names; default 4096
	Samplers  int // announced sampling rates of one domain; default 256
}

// maxFields is the most that Limits.Fields can be: more fit in no message.
const maxFields = 8000

// withDefaults fills in what is not set.
func (l Limits) withDefaults() Limits {
	for _, set := range []struct {
		limit    *int
		standard int
	}{
		{&l.Domains, 256}, {&l.Templates, 4096}, {&l.Fields, 1024}, {&l.AllFields, 1 << 16},
		{&l.Waiting, 1 << 20}, {&l.Names, 4096}, {&l.Samplers, 256},
	} {
		if *set.limit <= 0 {
			*set.limit = set.standard
		}
	}
	l.Fields = min(l.Fields, maxFields)
	return l
}

// Decoder decodes what one exporter sends. It is for one goroutine.
type Decoder struct {
	config  Config
	limits  Limits
	stats   flow.Stats
	domains map[domainKey]*domain
	last    *domain // that of the latest datagram
	seed    maphash.Seed
	at      int64 // when the datagram in hand arrived
	// templates and fields are how many are known of all domains.
	templates, fields int
	waiting           waiting
	names             map[uint32]string
	rates             rates
	// settlements and lookups are what the message in hand made us do; see rates.
	settlements, lookups int

	bases   []uint16 // where records begin and where what follows a field of variable length does
	scratch []op     // the operations of a record decoded alone
	spans   []span   // its fields
	shown   []Field  // the fields of a record walked
	walk    func(*Walked)
	walked  Walked
}

// New makes a decoder of one exporter.
func New(config Config) *Decoder {
	return &Decoder{
		config:  config,
		limits:  config.Limits.withDefaults(),
		domains: map[domainKey]*domain{},
		names:   map[uint32]string{},
		seed:    maphash.MakeSeed(),
		bases:   make([]uint16, chunk),
	}
}

// context is what the records of a set need of their message.
type context struct {
	domain   *domain
	datagram flow.Datagram
	exported int64  // nanoseconds since the epoch
	uptime   uint32 // milliseconds, as the header bears it
	units    int    // data records seen
	options  int    // those of options among them
	unclear  bool   // there were more that could not be counted
	refused  bool   // its data is not to be believed
	rare     rare   // what the record in hand tells beyond flow.Record
}

// Decode appends the records of a message that arrived at a time, in nanoseconds
// since the epoch, to dst.
func (d *Decoder) Decode(dst []flow.Record, message []byte, at int64) ([]flow.Record, flow.Datagram) {
	d.stats.Datagrams++
	d.at = at
	d.settlements, d.lookups = 0, 0
	before := len(dst)
	var told flow.Datagram
	version := flow.Version(0)
	if len(message) >= 2 && message[0] == 0 {
		version = flow.Version(message[1])
	}
	switch version {
	case flow.NetFlow5:
		dst, told = d.decode5(dst, message)
	case flow.NetFlow9:
		dst, told = d.decode9(dst, message)
	case flow.IPFIX:
		dst, told = d.decode10(dst, message)
	default:
		d.refuse(&told, flow.UnknownVersion)
	}
	d.stats.Records += uint64(len(dst) - before)
	return dst, told
}

// refuse counts why a part of a message could not be used.
func (d *Decoder) refuse(told *flow.Datagram, why flow.Reason) {
	d.stats.Refused[why]++
	if told.Refused == flow.OK {
		told.Refused = why
	}
}

// The sizes of the headers, in bytes.
const (
	header5Size  = 24
	record5Size  = 48
	header9Size  = 20
	header10Size = 16
	setSize      = 4
)

// decode9 reads a message of NetFlow v9 (RFC 3954, 5.1). Exporters count all
// records, those of data, or sets; if there are more sets of data than any of
// these could be, the message contradicts itself, and only its templates are taken.
func (d *Decoder) decode9(dst []flow.Record, b []byte) ([]flow.Record, flow.Datagram) {
	c := context{datagram: flow.Datagram{Version: flow.NetFlow9}}
	if len(b) < header9Size {
		d.refuse(&c.datagram, flow.ShortMessage)
		return dst, c.datagram
	}
	c.uptime = binary.BigEndian.Uint32(b[4:])
	c.datagram.Domain = binary.BigEndian.Uint32(b[16:])
	c.domain = d.domain(flow.NetFlow9, c.datagram.Domain)
	c.exported = c.domain.exportedAt(binary.BigEndian.Uint32(b[8:]), c.uptime)
	c.datagram.Uptime, c.datagram.Exported = int64(c.uptime), c.exported
	if dataSets(b[header9Size:]) > int(binary.BigEndian.Uint16(b[2:])) {
		d.refuse(&c.datagram, flow.BadCount)
		c.refused, c.unclear = true, true
	}
	return d.decodeSequenced(dst, b, header9Size, binary.BigEndian.Uint32(b[12:]), &c)
}

// dataSets counts sets of data.
func dataSets(b []byte) (n int) {
	for len(b) > setSize {
		if binary.BigEndian.Uint16(b) >= leastDataID {
			n++
		}
		length := int(binary.BigEndian.Uint16(b[2:]))
		if length < setSize || length > len(b) {
			break
		}
		b = b[length:]
	}
	return n
}

// decode10 reads a message of IPFIX (RFC 7011, 3.1).
func (d *Decoder) decode10(dst []flow.Record, b []byte) ([]flow.Record, flow.Datagram) {
	c := context{datagram: flow.Datagram{Version: flow.IPFIX}}
	if len(b) < header10Size {
		d.refuse(&c.datagram, flow.ShortMessage)
		return dst, c.datagram
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case length < header10Size:
		d.refuse(&c.datagram, flow.ShortMessage)
		return dst, c.datagram
	case length > len(b):
		d.refuse(&c.datagram, flow.ShortMessage)
		c.unclear = true
	default:
		b = b[:length]
	}
	c.exported = int64(binary.BigEndian.Uint32(b[4:])) * 1e9
	c.datagram.Exported = c.exported
	c.datagram.Domain = binary.BigEndian.Uint32(b[12:])
	c.domain = d.domain(flow.IPFIX, c.datagram.Domain)
	return d.decodeSequenced(dst, b, header10Size, binary.BigEndian.Uint32(b[8:]), &c)
}

// decodeSequenced decodes the sets of a message unless it came before.
func (d *Decoder) decodeSequenced(dst []flow.Record, b []byte, header int, number uint32, c *context) ([]flow.Record, flow.Datagram) {
	arrival := d.arrive(c, b, number)
	if arrival == duplicate {
		return dst, c.datagram
	}
	dst = d.decodeSets(dst, c, b, header)
	d.advance(c, arrival, number)
	return dst, c.datagram
}

// decodeSets decodes the sets of a message that begin at a place.
func (d *Decoder) decodeSets(dst []flow.Record, c *context, b []byte, at int) []flow.Record {
	for at+setSize <= len(b) {
		id, length := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		if length < setSize {
			// Some exporters fill their datagrams up with zeros.
			if id != 0 || length != 0 {
				d.refuse(&c.datagram, flow.BadSet)
				c.unclear = true
			}
			return dst
		}
		end := at + length
		if end > len(b) {
			d.refuse(&c.datagram, flow.ShortMessage)
			c.unclear = true
			end = len(b)
		}
		dst = d.decodeSet(dst, c, id, b, at+setSize, end)
		at += length
	}
	return dst
}

// The set ids that are not of data (RFC 3954, 5.2; RFC 7011, 3.3.2).
const (
	templates9  = 0
	options9    = 1
	templates10 = 2
	options10   = 3
	leastDataID = 256
)

// decodeSet decodes the content of a set, which goes from at to end.
func (d *Decoder) decodeSet(dst []flow.Record, c *context, id uint16, b []byte, at, end int) []flow.Record {
	nine := c.datagram.Version == flow.NetFlow9
	switch {
	case id >= leastDataID && c.refused:
		return dst
	case id >= leastDataID:
		return d.decodeData(dst, c, id, b, at, end)
	case nine && (id == templates9 || id == options9), !nine && (id == templates10 || id == options10):
		return d.readTemplates(dst, c, id, b[at:end])
	}
	d.refuse(&c.datagram, flow.BadSet)
	return dst
}

// decodeData decodes the records of a data set, or lets them wait.
func (d *Decoder) decodeData(dst []flow.Record, c *context, id uint16, b []byte, at, end int) []flow.Record {
	t := c.domain.templates[id]
	if t == nil {
		c.unclear = true
		d.wait(c, id, b[at:end])
		return dst
	}
	t.used = d.at
	return d.decodeRecords(dst, c, t, b, at, end)
}

// decodeRecords decodes records of one template. At least 8 bytes stand before
// the first, so that any field can be read as a word that ends where it ends.
func (d *Decoder) decodeRecords(dst []flow.Record, c *context, t *template, b []byte, at, end int) []flow.Record {
	if t.options {
		d.decodeOptions(c, t, b, at, end)
		return dst
	}
	d.settleRates()
	if t.plain && d.walk == nil {
		return d.decodePlain(dst, c, t, b, at, end)
	}
	return d.decodeAlone(dst, c, t, b, at, end)
}

// Stats is what has been counted since New.
func (d *Decoder) Stats() flow.Stats {
	s := d.stats
	s.Templates = d.templates
	s.Waiting = uint64(len(d.waiting.sets))
	return s
}
