package collector

import (
	"net/netip"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/overlap"
)

// Status is how the collector does, for people and metrics. Counters count since
// the start.
type Status struct {
	Sockets   []SocketStatus
	Exporters []ExporterStatus // by address
	Unknown   []Unknown        // the busiest first, at most 256
	// UnknownDatagrams counts those of all senders that are not accepted;
	// Unlisted those of them whose sender found no room in Unknown.
	UnknownDatagrams, Unlisted uint64
	// Full tells that there were more exporters than can be kept apart.
	Full bool
	// Unread are datagrams of no protocol at all.
	Unread uint64
	Relays []RelayStatus
	// Connections are open ones of IPFIX over TCP and TLS; Refused were closed at
	// once, Broken ended by what they sent or failed to send.
	Connections     int
	Refused, Broken uint64
	Delay           time.Duration // see Collector.Delay
	Patience        time.Duration
	Limited         bool // exporters are held to equal shares now
	// Views are what exporters meter by interface and direction, and how each
	// counts; Overlap what was left out because others told of it.
	Views   []overlap.View
	Overlap overlap.Stats
}

// SocketStatus is a UDP socket's.
type SocketStatus struct {
	Address string
	// Buffer is what the kernel granted, in bytes; 0 if it is not known. Wanted is
	// what was asked for.
	Buffer, Wanted int
	Drops          uint64 // datagrams that the kernel threw away
}

// ExporterStatus is an exporter's.
type ExporterStatus struct {
	Address  netip.Addr
	Name     string // its address if it was given none
	Via      netip.Addr
	Told     bool // by configuration
	Versions []flow.Version
	// Stats are the decoders' of all its protocols and connections; Lost is told
	// by protocol, since its unit differs: see flow.Stats.
	Stats         flow.Stats
	LostRecords   uint64  // by NetFlow v5 and IPFIX sequence numbers
	LostDatagrams uint64  // datagrams, by NetFlow v9 and sFlow sequence numbers
	Bytes         uint64  // of datagrams
	Flows         uint64  // records handed on
	PerSecond     float64 // flows handed on, over the last quarter of a minute or so
	LastSeen      time.Time
	First         time.Time     // when it was first seen; zero if never
	Offset        time.Duration // to be added to its clock to have ours
	Clocked       bool          // whether its protocol bears export times, so that Offset means something
	Corrected     bool          // Offset is, because it is beyond the tolerance
	Jumps         uint64        // how often its clock was set
	Sampling      uint32        // in force: 1:N; 0 if none is known yet
	SamplingBy    string        // "configuration", "exporter" or ""
	Delay         time.Duration // how long after a moment its records of it still come; 0: not known yet
	Timeout       time.Duration // its active timeout as configured; 0 if not
	Late          uint64        // records with a part that came later than patience allows
	LateWhole     uint64        // of them, those of which nothing was in time
	LateBytes     uint64        // estimated bytes that are in no second because of that
	Future        uint64        // records dated after their arrival; they count at it
	Redated       uint64        // records dated more than an hour from their arrival; they count as if the newest had come at once
	Shed          uint64        // records thrown away for lack of room
	ShedUnread    uint64        // datagrams thrown away unread for lack of time
	Mistake       string        // why kept templates could not be used; empty if they could
	Interfaces    []flow.InterfaceLoad
}

// Unknown is a sender that is not accepted.
type Unknown struct {
	Address          netip.Addr
	Version          flow.Version // 0 if it sends nothing that we know
	Datagrams, Bytes uint64
	First, Last      time.Time
}

// RelayStatus is a relay's.
type RelayStatus struct {
	To                 Endpoint
	Sent, Shed, Failed uint64 // datagrams: sent; no room to wait; refused by the kernel
}

// loaded is a decoder that knows its exporter's interface load.
type loaded interface{ Interfaces() []flow.InterfaceLoad }

// named is a decoder that learns names of interfaces.
type named interface{ Interfaces() map[uint32]string }

// Status is how it all stands.
func (c *Collector) Status() Status {
	s := Status{Delay: c.Delay(), Patience: c.cfg.Patience, Unread: c.unread.Load(), Limited: c.share.limits(), Views: c.overlap.Views(), Overlap: c.overlap.Stats()}
	for _, e := range c.registry.list() {
		s.Exporters = append(s.Exporters, e.status(&c.cfg))
	}
	r := c.registry
	r.mu.Lock()
	s.Unknown, s.UnknownDatagrams, s.Unlisted, s.Full = r.unknown.list(), r.unknown.datagrams, r.unknown.unlisted, r.full
	for i := range s.Exporters {
		_, s.Exporters[i].Told = r.told[downpour.AddressFrom(s.Exporters[i].Address)]
	}
	r.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.receivers {
		s.Sockets = append(s.Sockets, SocketStatus{
			Address: r.socket.local.String(), Buffer: r.socket.socketBuffer(), Wanted: c.cfg.Buffer, Drops: r.socket.drops(),
		})
	}
	for _, l := range c.streams {
		s.Refused, s.Broken = s.Refused+l.refused.Load(), s.Broken+l.broken.Load()
		l.mu.Lock()
		s.Connections += len(l.open)
		l.mu.Unlock()
	}
	if c.relays != nil {
		for _, to := range c.relays.list {
			s.Relays = append(s.Relays, RelayStatus{to.to, to.sent.Load(), to.shed.Load(), to.failed.Load()})
		}
	}
	return s
}

// status is an exporter's.
func (e *exporter) status(c *Config) ExporterStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	offset := e.clock.Offset()
	s := ExporterStatus{
		Address: e.address.Netip(), Name: e.told.Name, Bytes: e.count.bytes, Flows: e.count.flows,
		Offset: time.Duration(offset), Corrected: e.clock.Wrong(c.ClockTolerance) != 0, Jumps: e.clock.Jumps(),
		Delay: time.Duration(e.believed), Timeout: e.told.ActiveTimeout,
		Late: e.count.late, LateWhole: e.count.lateWhole, LateBytes: e.count.lateBytes, Future: e.count.future, Redated: e.count.redated,
		PerSecond: e.rate.value, Shed: e.count.shed, ShedUnread: e.count.shedDatagrams, Sampling: e.told.Sampling,
	}
	if e.sender != e.address {
		s.Via = e.sender.Netip()
	}
	if e.lastSeen != 0 {
		s.LastSeen, s.First = time.Unix(0, e.lastSeen).UTC(), time.Unix(0, e.firstSeen).UTC()
	}
	for i, seen := range e.versions {
		s.Clocked = s.Clocked || seen && versionsKnown[i] != flow.SFlow5
	}
	if e.mistake != nil {
		s.Mistake = e.mistake.Error()
	}
	for i, seen := range e.versions {
		if seen {
			s.Versions = append(s.Versions, versionsKnown[i])
		}
	}
	e.addDecoders(&s)
	return s
}

// addDecoders adds up what the exporter's decoders count. The lock is held.
func (e *exporter) addDecoders(s *ExporterStatus) {
	s.Stats = e.past
	for _, d := range e.streams {
		s.Stats = sum(s.Stats, d.Stats())
	}
	s.LostRecords = s.Stats.Lost
	if e.netflow != nil {
		n := e.netflow.Stats()
		s.Stats = sum(s.Stats, n)
		if e.versions[versionIndex(flow.NetFlow9)] {
			s.LostDatagrams += n.Lost
		} else {
			s.LostRecords += n.Lost
		}
	}
	if e.sflow != nil {
		n := e.sflow.Stats()
		s.Stats = sum(s.Stats, n)
		s.LostDatagrams += n.Lost
		if l, ok := e.sflow.(loaded); ok {
			s.Interfaces = l.Interfaces()
		}
	}
	switch {
	case s.Sampling != 0:
		s.SamplingBy = "configuration"
	case s.Stats.Sampling != 0:
		s.Sampling, s.SamplingBy = s.Stats.Sampling, "exporter"
	}
}

// sum adds up the counters of two decoders of one exporter.
func sum(a, b flow.Stats) flow.Stats {
	a.Datagrams += b.Datagrams
	a.Records += b.Records
	a.Options += b.Options
	a.Templates += b.Templates
	a.Lost += b.Lost
	a.Duplicates += b.Duplicates
	a.Reordered += b.Reordered
	a.Restarts += b.Restarts
	a.Misses += b.Misses
	a.Waiting += b.Waiting
	a.Dropped += b.Dropped
	a.Changed += b.Changed
	for i := range a.Refused {
		a.Refused[i] += b.Refused[i]
	}
	if b.Sampling != 0 {
		a.Sampling = b.Sampling
	}
	a.Counters += b.Counters
	a.Drops += b.Drops
	a.Apart += b.Apart
	a.Discards += b.Discards
	a.Skipped += b.Skipped
	a.Unfollowed += b.Unfollowed
	return a
}

// nameInterfaces tells the numbering what exporters call their interfaces; what
// the operator told of them holds. The lock of e is held.
func (e *exporter) nameInterfaces(t *flow.Ingresses) {
	tell := func(index uint32, name string) {
		if name != "" && e.told.Interfaces[index].Name == "" {
			t.NameInterface(e.handle, index, name)
		}
	}
	for _, d := range append([]flow.Decoder{e.netflow}, e.streams...) {
		if n, ok := d.(named); ok {
			for index, name := range n.Interfaces() {
				tell(index, name)
			}
		}
	}
	if l, ok := e.sflow.(loaded); ok {
		for _, i := range l.Interfaces() {
			tell(i.Index, i.Name)
		}
	}
}
