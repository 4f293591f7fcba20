package packet

// LinkType is what a capture says its frames begin with
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint32

// The link types that Downpour decodes.
const (
	LinkNull     LinkType = 0 // BSD loopback: address family in the writer's byte order
	LinkEthernet LinkType = 1
	LinkPPP      LinkType = 9   // with or without the HDLC address and control bytes
	LinkRawBSD   LinkType = 12  // raw IP as some BSDs number it
	LinkRawOpen  LinkType = 14  // raw IP as OpenBSD numbers it
	LinkPPPHDLC  LinkType = 50  // PPP in HDLC-like framing (RFC 1662)
	LinkPPPoE    LinkType = 51  // PPP over Ethernet session (RFC 2516)
	LinkRaw      LinkType = 101 // raw IP, version told from its first nibble
	LinkCiscoHDL LinkType = 104 // Cisco HDLC (RFC 1547, 4.3.1)
	LinkLoop     LinkType = 108 // OpenBSD loopback: address family in network byte order
	LinkCooked   LinkType = 113 // Linux cooked capture v1
	LinkIPv4     LinkType = 228
	LinkIPv6     LinkType = 229
	LinkCooked2  LinkType = 276 // Linux cooked capture v2
)
