package downpour

// Flow is one record of traffic in the sense of RFC 7011, already in our terms:
// a packet is a flow of one packet, and a sampled packet is a flow of one packet
// with the rate it was sampled at. It is what all telemetry becomes before the
// engine sees it, so it is flat, 88 bytes and without pointers; batches of it
// are reused and must not be kept.
type Flow struct {
	// Time is when the flow's first packet was seen, in nanoseconds since the
	// Unix epoch, UTC. It is event time: the exporter's or the capture's clock
	// (at the live edge with its offset from ours taken out), never ours.
	Time        int64
	Source      Address
	Destination Address
	// Bytes are as the source counts them: whole frames as sent (not as
	// captured) for packets, IP packets for NetFlow and IPFIX.
	Bytes uint64
	// Packets is how many packets the record stands for before sampling is
	// taken into account.
	Packets uint32
	// Sampling is N where one of N packets was seen; 1 where all were.
	Sampling        uint32
	SourcePort      uint16
	DestinationPort uint16
	// Protocol is the IANA number of the payload after extension headers.
	Protocol uint8
	// TCPFlags are the OR of the record's flags (RFC 9293, 3.1; FIN is bit 0).
	TCPFlags uint8
	// TTL is the time to live or hop limit as seen; 0 is "not exported".
	TTL uint8
	// Fragment says whether this is a fragment, and which.
	Fragment Fragment
	// ICMPType and ICMPCode are set for ICMP and ICMPv6.
	ICMPType, ICMPCode uint8
	// Mark is what the payload, where seen, shows itself to be.
	Mark PayloadMark
	// Quoted is the protocol of the packet that an ICMP error quotes (RFC 792,
	// RFC 4443), whose ports are then in SourcePort and DestinationPort as the
	// quoted packet bore them; 0 where nothing is quoted.
	Quoted uint8
	// IPID is the IPv4 identification or the IPv6 fragment identification's low half.
	IPID uint16
	// Window is the TCP window as sent.
	Window uint16
	// Sequence is the TCP sequence number.
	Sequence uint32
	// Duration is how long after Time the last packet was seen, in milliseconds:
	// 0 for a packet, up to the active timeout for exported flows. Detectors
	// never see more than a second's part (the engine spreads the volume).
	Duration uint32
	// Ingress says by where the flow came in: a number that whoever took it in
	// gave to an Ingress; 0 is "not known".
	Ingress IngressID
	// SourceAS is the origin AS of the source as the exporter told it; 0 if not.
	SourceAS uint32
}

// IngressID numbers the Ingresses of one run, from 1 on.
type IngressID uint32

// Ingress is a place where traffic enters: the one thing that holds when
// addresses are forged.
type Ingress struct {
	Exporter  string // its configured name, else its address
	Interface string // its name if known, else its number; "" if not exported
	PeerAS    uint32 // the neighbour AS that handed the traffic over; 0 if not exported
}

// FlowEnd is one end of a flow of a batch: the flow's place in the batch, and
// which of its ends.
type FlowEnd uint16

// DestinationOf is the end that the i-th flow of a batch goes to; i is below
// 32,768.
func DestinationOf(i int) FlowEnd { return FlowEnd(i << 1) }

// SourceOf is the end that the i-th flow of a batch comes from; i is below 32,768.
func SourceOf(i int) FlowEnd { return FlowEnd(i<<1 | 1) }

// Flow is the flow's place in its batch.
func (e FlowEnd) Flow() int { return int(e >> 1) }

// IsSource tells the source from the destination.
func (e FlowEnd) IsSource() bool { return e&1 != 0 }

// Fragment tells whether a packet is a fragment (RFC 791, RFC 8200).
type Fragment uint8

// The kinds of fragment. Only a first fragment has ports.
const (
	NotFragment Fragment = iota
	FirstFragment
	LaterFragment
)

// TCP flags as in Flow.TCPFlags (RFC 9293, 3.1; RFC 3168).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// IANA protocol numbers that Downpour tells apart.
const (
	ProtocolICMP   = 1
	ProtocolIPIP   = 4
	ProtocolTCP    = 6
	ProtocolUDP    = 17
	ProtocolIPv6   = 41
	ProtocolGRE    = 47
	ProtocolESP    = 50
	ProtocolAH     = 51
	ProtocolICMPv6 = 58
	ProtocolSCTP   = 132
)

// PayloadMark is what the first bytes of a payload show it to be. NoPayload and
// Unmarked differ: nothing was seen, against nothing known was seen.
type PayloadMark uint8

// The payloads that Downpour knows. Names ending in Answer are what a reflector
// sends; each constant's test and source stand in internal/observe/packet.
const (
	NoPayload PayloadMark = iota // not captured, or empty
	Unmarked                     // captured and none of the below
	DNSQuery
	DNSAnswer
	NTPAnswer // mode 6 or 7 with the response bit, or mode 4
	CLDAPAnswer
	MemcachedAnswer
	SSDPAnswer
	ChargenAnswer
	QOTDAnswer
	SNMPAnswer
	PortmapAnswer
	NetBIOSAnswer
	MDNSAnswer
	RIPAnswer
	MSSQLAnswer
	WSDiscoveryAnswer
	CoAPAnswer
	ARMSAnswer
	SLPAnswer
	IPMIAnswer
	L2TPAnswer
	OpenVPNAnswer
	STUNAnswer
	ISAKMPAnswer
	UbiquitiAnswer
	QuakeAnswer
	SteamAnswer
	SIPAnswer
	BACnetAnswer
	DVRDHCPAnswer
	PlexAnswer
	RDPAnswer
	JenkinsAnswer
	CitrixAnswer
	TFTPAnswer
	DTLSAnswer
	BitTorrentAnswer
	QUICInitial
	HTTPAnswer // a response of HTTP/1 over TCP, as censoring middleboxes send
	HTTPRequest
)
