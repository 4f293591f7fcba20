package netflow

import "downpour/internal/observe/flow"

// Config says how an exporter's datagrams are decoded.
type Config struct {
	// Sampling, if not 0, is the rate 1:N that holds whatever the exporter says.
	Sampling uint32
	// Stream says that messages come in order and none is lost (IPFIX over TCP or
	// TLS, one Decoder a connection), so that sequence numbers say nothing.
	Stream bool
	// Limits bound what the exporter can make us hold; zero ones are the default.
	Limits Limits
}

// Limits bound the memory that an exporter can take.
type Limits struct {
	Domains   int // observation domains, of each version; default 256
	Templates int // of all domains; default 4096
	Fields    int // of one template; default 1024
	AllFields int // of all templates together; default 65536
	Waiting   int // bytes of data sets that wait for their templates; default 1 MiB
	Names     int // interface names; default 4096
	Samplers  int // announced sampling rates of one domain; default 1024
}

// Decoder decodes what one exporter sends. It is for one goroutine.
type Decoder struct {
	config Config
	stats  flow.Stats
	walk   func(*Walked)
}

// New makes a decoder of one exporter.
func New(config Config) *Decoder { return &Decoder{config: config} }

// Decode appends the records of a message that arrived at a time, in nanoseconds
// since the epoch, to dst.
func (d *Decoder) Decode(dst []flow.Record, message []byte, at int64) ([]flow.Record, flow.Datagram) {
	return dst, flow.Datagram{}
}

// Stats is what has been counted since New.
func (d *Decoder) Stats() flow.Stats { return d.stats }

// Interfaces are the names of interfaces that options records told, by SNMP index.
func (d *Decoder) Interfaces() map[uint32]string { return nil }

// Templates is what is known of the exporter's templates, samplers and interface
// names, to be kept over a restart. The same knowledge gives the same bytes.
func (d *Decoder) Templates() []byte { return nil }

// Restore takes what Templates gave; what is known already stays.
func (d *Decoder) Restore(snapshot []byte) error { return nil }
