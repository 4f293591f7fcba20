package config

import (
	"net/netip"
	"time"
)

// Flow says where flow export is received and from whom.
type Flow struct {
	Listen    []FlowEndpoint
	Exporters []Exporter // addresses unique
	// Allow are prefixes whose senders are accepted without being told of.
	Allow []netip.Prefix
	Relay []FlowEndpoint
	// RelaySource is "own" or "exporter": whose address relayed datagrams bear.
	RelaySource string
	Patience    Duration
	// ClockTolerance is how far an exporter's clock may be off before it is corrected.
	ClockTolerance Duration
	// Sockets share each UDP address; 0: as many as suit the machine.
	Sockets int
	Buffer  Size
	// Certificate, Key and ClientCA are PEM files for tls endpoints; ClientCA may
	// be empty: then exporters are told by their addresses only.
	Certificate, Key, ClientCA string
	// Decapsulate counts what tunnels carry, in the place of the tunnels, where headers
	// of packets are exported.
	Decapsulate bool
	// Default tells that no file named the endpoints: one that is busy is worth a
	// warning, not an end.
	Default bool
}

// FlowEndpoint is where flow export is received or relayed to.
type FlowEndpoint struct {
	Scheme  string // udp, sflow, netflow, tcp or tls
	Address string // host:port
}

// String writes the endpoint as a file does.
func (e FlowEndpoint) String() string { return e.Scheme + "://" + e.Address }

// Exporter is what is told of an exporter.
type Exporter struct {
	Address       netip.Addr
	Name          string
	Sampling      uint32 // 0: the exporter is believed
	ActiveTimeout Duration
	Interfaces    Interfaces
}

// Interfaces are an exporter's, by SNMP index.
type Interfaces map[uint32]Interface

// Interface is what is told of an interface.
type Interface struct {
	Name string
	Role string // "", "edge" or "core"
}

// Packets is an interface to capture from.
type Packets struct {
	Interface string
	Sampling  uint32 // 1:N, taken by the kernel
	// Promiscuous takes frames for other machines too.
	Promiscuous bool
	// Decapsulate counts what tunnels carry, in the place of the tunnels.
	Decapsulate bool
}

// The ports that flow export is sent to: NetFlow's by custom (IANA knows 4739
// for IPFIX), sFlow's by IANA.
const (
	DefaultNetFlow = "127.0.0.1:2055"
	DefaultSFlow   = "127.0.0.1:6343"
)

// newFlow is what a file starts from.
func newFlow() Flow {
	return Flow{RelaySource: "own", Patience: Duration(2 * time.Minute), ClockTolerance: Duration(2 * time.Second), Buffer: 32 << 20}
}

// defaultFlow listens on this machine for what this machine sends.
func defaultFlow() Flow {
	f := newFlow()
	f.Default = true
	f.Listen = []FlowEndpoint{{"udp", DefaultNetFlow}, {"sflow", DefaultSFlow}}
	f.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	return f
}

func flowKeys(f *Flow) []key {
	return []key{
		{name: "listen", form: "list of URLs", value: many(&f.Listen, parseFlowListen, `["udp://0.0.0.0:2055", "sflow://0.0.0.0:6343"]`),
			doc: "Where flow export is received: `udp://` and `sflow://` take NetFlow v5, v9, IPFIX and sFlow v5, told from content; `tcp://` and `tls://` IPFIX."},
		{name: "exporters", form: "list of exporters", live: true, value: exporterList(&f.Exporters),
			doc: "Who sends. Others are counted and listed on `/health/data`, and ignored until an operator allows them there."},
		{name: "allow", form: "list of prefixes", live: true, value: many(&f.Allow, parsePrefix, "[192.0.2.0/24]"),
			doc: "Senders in these are accepted without being told of one by one. With a file that has `flow`, only those that it names."},
		{name: "relay", form: "list of URLs", value: many(&f.Relay, parseFlowRelay, `["udp://192.0.2.9:2055"]`),
			doc: "Other collectors that get every datagram unchanged: `udp://` all, `netflow://` and `sflow://` those of their kind."},
		{name: "relay_source", form: "own or exporter", value: one(&f.RelaySource, parseRelaySource),
			doc: "Whose address relayed datagrams bear. `exporter` suits collectors that tell exporters by it, and needs root or CAP_NET_RAW."},
		{name: "decapsulate", form: "true or false", value: one(&f.Decapsulate, parseBool),
			doc: "Whether a packet in a tunnel (IP in IP, GRE, VXLAN) counts as the packet that it carries; else the tunnel does. For headers of packets: sFlow, and IPFIX or NetFlow v9 with packet sections. " +
				"A flood of GRE is aimed at the tunnel's end, and what seems to be in it may be made up: set this only where tunnels are your own."},
		{name: "patience", form: "duration", value: one(&f.Patience, parsePatience),
			doc: "How long after its first packet a record may come and still count in its seconds; later ones are counted as late. From 1s to 15m."},
		{name: "clock_tolerance", form: "duration", value: one(&f.ClockTolerance, parseTolerance),
			doc: "An exporter's clock that is further off than this is corrected, and told on `/health/data`. At least 1s."},
		{name: "sockets", form: "number", value: one(&f.Sockets, parseSockets),
			doc: "How many sockets, each with a thread, share a UDP address; 0: as many as suit the machine. At most 64."},
		{name: "buffer", form: "size", value: one(&f.Buffer, parseBuffer),
			doc: "What is asked of the kernel for each socket's buffer. Without CAP_NET_ADMIN it gives no more than `net.core.rmem_max`, which `/health/data` tells."},
		{name: "certificate", form: "path", value: one(&f.Certificate, parsePath), doc: "PEM file with the certificate of `tls://` endpoints."},
		{name: "key", form: "path", value: one(&f.Key, parsePath), doc: "PEM file with its key."},
		{name: "client_ca", form: "path", value: one(&f.ClientCA, parsePath),
			doc: "PEM file with the authorities that must have signed an exporter's certificate (RFC 7011, 11.3); without it exporters are told by address only."},
	}
}

func exporterList(into *[]Exporter) value {
	return mappings[Exporter]{
		into: into, fresh: func() Exporter { return Exporter{} }, keys: exporterKeys, required: "address",
		example: "{address: 203.0.113.1, name: edge1}",
		same:    func(a, b *Exporter) bool { return a.Address == b.Address },
	}
}

func exporterKeys(e *Exporter) []key {
	return []key{
		{name: "address", form: "address", value: one(&e.Address, parseAddress),
			doc: "Required. The address that its datagrams come from; for sFlow that of the agent may stand here instead."},
		{name: "name", form: "text", value: one(&e.Name, parseText(80)), doc: "What it is called; its address without this."},
		{name: "sampling", form: "number", value: one(&e.Sampling, parseSampling),
			doc: "N where it meters one of N packets, if it doesn't say so itself or says it wrongly. sFlow always says it."},
		{name: "active_timeout", form: "duration", value: one(&e.ActiveTimeout, parseTimeout),
			doc: "How long it holds a flow before it tells of it, as it is set there. Without this it is learned from what comes."},
		{name: "interfaces", form: "names and roles by SNMP index", value: interfaceMap{&e.Interfaces},
			doc: "Its interfaces. Traffic that several exporters see is counted at those of role `edge`."},
	}
}

func interfaceKeys(i *Interface) []key {
	return []key{
		{name: "name", form: "text", value: one(&i.Name, parseText(80)), doc: "What it is called; without this what the exporter says, or its number."},
		{name: "role", form: "edge or core", value: one(&i.Role, parseRole), doc: "`edge`: other networks are behind it; `core`: our own."},
	}
}

func packetsList(into *[]Packets) value {
	return mappings[Packets]{
		into: into, fresh: func() Packets { return Packets{Sampling: 1} }, keys: packetsKeys, required: "interface",
		example: "{interface: eth0, sampling: 100}",
		same:    func(a, b *Packets) bool { return a.Interface == b.Interface },
	}
}

func packetsKeys(p *Packets) []key {
	return []key{
		{name: "interface", form: "name", value: one(&p.Interface, parseInterface), doc: "Required. The network interface to capture from, as `eth0`. Needs root or CAP_NET_RAW."},
		{name: "sampling", form: "number", value: one(&p.Sampling, parseSampling), doc: "N: the kernel hands on one of N packets, and counts are multiplied by N."},
		{name: "promiscuous", form: "true or false", value: one(&p.Promiscuous, parseBool), doc: "Whether to take what is meant for other machines too, as on a mirror port."},
		{name: "decapsulate", form: "true or false", value: one(&p.Decapsulate, parseBool), doc: "As `flow.decapsulate`."},
	}
}
