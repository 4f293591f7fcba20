package collector

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"runtime"
	"time"

	"downpour/internal/observe"
	"downpour/internal/observe/flow"
)

// Config says where to listen and whom to believe. The zero value of a field
// that says so has a default.
type Config struct {
	// Listen are the addresses to receive on.
	Listen []Endpoint
	// Exporters are those that the operator told of.
	Exporters []Exporter
	// Allow accepts senders within these prefixes without more being told of them.
	Allow []netip.Prefix
	// Allowed are exporters that an operator has allowed since.
	Allowed []netip.Addr
	// Patience is how late a record may come, after its first packet, and still
	// count in its seconds; 2 minutes by default.
	Patience time.Duration
	// ClockTolerance is how far an exporter's clock may be off before its times
	// are corrected; 2 seconds by default.
	ClockTolerance time.Duration
	// Sockets is how many share each UDP address (SO_REUSEPORT), each with a
	// goroutine; by default one on a machine of two cores or less, else half of
	// the cores and at most four.
	Sockets int
	// Buffer is the size asked of the kernel for each socket's buffer; 32 MiB by
	// default. The kernel gives no more than net.core.rmem_max to those who lack
	// CAP_NET_ADMIN.
	Buffer int
	// TLS is the server's side of tls endpoints; needed if there are any.
	TLS *tls.Config
	// Relay are collectors that get every datagram unchanged.
	Relay []Endpoint
	// RelaySource sends them from the exporter's own address (needs CAP_NET_RAW)
	// instead of ours.
	RelaySource bool
	// NetFlow makes a decoder of NetFlow and IPFIX for one exporter, or (stream)
	// for one connection of it; SFlow one of sFlow.
	NetFlow func(stream bool) flow.Decoder
	SFlow   func() flow.Decoder
	// Queue takes the flows.
	Queue *observe.Queue
	// Ingresses numbers where traffic enters.
	Ingresses *flow.Ingresses
	// Seed keys hashes of flows, by which is found what several exporters tell of;
	// nobody outside may know it.
	Seed uint64
	// State is the file that keeps templates over a restart; empty: not kept.
	State string
	// Now is the clock of arrivals; time.Now by default.
	Now func() time.Time
	Log *slog.Logger
}

// Exporter is what an operator tells of an exporter.
type Exporter struct {
	Address netip.Addr
	// Name is what it is called; its address if empty.
	Name string
	// Sampling is N of 1:N where the exporter does not tell it or tells it
	// wrongly; 0 if it is believed.
	Sampling uint32
	// Interfaces are names and roles by SNMP index.
	Interfaces map[uint32]Interface
	// ActiveTimeout is what the exporter is set to, 0 if not told: it then is
	// learned from what comes.
	ActiveTimeout time.Duration
}

// Interface is what an operator tells of an interface.
type Interface struct {
	Name string
	Role Role
}

// Role is what lies behind an interface.
type Role uint8

// The roles. Traffic that several exporters see is counted where it enters: at
// an interface of role Edge.
const (
	NoRole Role = iota
	Edge        // other networks: transit, peering, customers
	Core        // our own network
)

// The bounds of a collector.
const (
	maxExporters = 1024     // accepted at once; further ones stay unknown
	maxUnknown   = 256      // unknown senders that are listed
	maxAgents    = 64       // sFlow agents behind one sender that was not told of
	maxDatagram  = 64 << 10 // bytes of a message, UDP or TCP
)

// complete checks the configuration and fills in defaults.
func (c Config) complete() (Config, error) {
	if c.Queue == nil || c.Ingresses == nil || c.NetFlow == nil || c.SFlow == nil {
		return c, errors.New("collector: no queue, numbering or decoders are given")
	}
	if len(c.Exporters)+len(c.Allowed) > maxExporters {
		return c, errors.New("collector: more exporters than can be kept apart")
	}
	for _, l := range c.Listen {
		if l.Scheme == TLS && c.TLS == nil {
			return c, errors.New("collector: no certificate for " + l.String())
		}
	}
	if c.Patience <= 0 {
		c.Patience = 2 * time.Minute
	}
	if c.ClockTolerance <= 0 {
		c.ClockTolerance = 2 * time.Second
	}
	if c.Sockets <= 0 {
		c.Sockets = defaultSockets(runtime.GOMAXPROCS(0))
	}
	if c.Buffer <= 0 {
		c.Buffer = 32 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// defaultSockets leaves most cores to the detectors.
func defaultSockets(cores int) int {
	if cores <= 2 {
		return 1
	}
	return min(cores/2, 4)
}
