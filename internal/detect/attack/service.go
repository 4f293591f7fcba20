package attack

import "downpour"

// service is one that answers more than it is asked, and so can be made to
// flood others (US-CERT TA14-017A and its successors).
type service struct {
	name  string
	ports []uint16 // it answers from; none: known by payload only
	mark  downpour.PayloadMark
	// talks marks services whose usual traffic is long, fast conversations
	// (tunnels, games, calls): that much comes from the port is no sign.
	talks bool
}

// services lists them in the order of the contract. A port belongs to the first
// row that has it.
var services = [...]service{
	{name: "DNS", ports: []uint16{53}, mark: downpour.DNSAnswer},
	{name: "NTP", ports: []uint16{123}, mark: downpour.NTPAnswer},
	{name: "CLDAP", ports: []uint16{389}, mark: downpour.CLDAPAnswer},
	{name: "memcached", ports: []uint16{11211}, mark: downpour.MemcachedAnswer},
	{name: "SSDP", ports: []uint16{1900}, mark: downpour.SSDPAnswer},
	{name: "chargen", ports: []uint16{19}, mark: downpour.ChargenAnswer},
	{name: "QOTD", ports: []uint16{17}, mark: downpour.QOTDAnswer},
	{name: "SNMP", ports: []uint16{161}, mark: downpour.SNMPAnswer},
	{name: "portmap", ports: []uint16{111}, mark: downpour.PortmapAnswer},
	{name: "NetBIOS", ports: []uint16{137}, mark: downpour.NetBIOSAnswer},
	{name: "mDNS", ports: []uint16{5353}, mark: downpour.MDNSAnswer},
	{name: "RIPv1", ports: []uint16{520}, mark: downpour.RIPAnswer},
	{name: "MSSQL", ports: []uint16{1434}, mark: downpour.MSSQLAnswer},
	{name: "WS-Discovery", ports: []uint16{3702}, mark: downpour.WSDiscoveryAnswer},
	{name: "CoAP", ports: []uint16{5683}, mark: downpour.CoAPAnswer},
	{name: "ARMS", ports: []uint16{3283}, mark: downpour.ARMSAnswer},
	{name: "SLP", ports: []uint16{427}, mark: downpour.SLPAnswer},
	{name: "IPMI", ports: []uint16{623}, mark: downpour.IPMIAnswer},
	{name: "L2TP", ports: []uint16{1701}, mark: downpour.L2TPAnswer, talks: true},
	{name: "OpenVPN", ports: []uint16{1194}, mark: downpour.OpenVPNAnswer, talks: true},
	{name: "STUN", ports: []uint16{3478}, mark: downpour.STUNAnswer, talks: true},
	{name: "ISAKMP", ports: []uint16{500, 4500}, mark: downpour.ISAKMPAnswer, talks: true},
	{name: "Ubiquiti", ports: []uint16{10001}, mark: downpour.UbiquitiAnswer},
	{name: "Quake", ports: []uint16{27960}, mark: downpour.QuakeAnswer, talks: true},
	{name: "Steam", ports: []uint16{27015}, mark: downpour.SteamAnswer, talks: true},
	{name: "SIP", ports: []uint16{5060}, mark: downpour.SIPAnswer, talks: true},
	{name: "BACnet", ports: []uint16{47808}, mark: downpour.BACnetAnswer},
	{name: "DVR-DHCPDiscover", ports: []uint16{37810}, mark: downpour.DVRDHCPAnswer},
	{name: "Plex", ports: []uint16{32414}, mark: downpour.PlexAnswer},
	{name: "RDP", ports: []uint16{3389}, mark: downpour.RDPAnswer, talks: true},
	{name: "Jenkins", ports: []uint16{33848}, mark: downpour.JenkinsAnswer},
	{name: "Citrix", ports: []uint16{1604}, mark: downpour.CitrixAnswer},
	{name: "TFTP", mark: downpour.TFTPAnswer},
	{name: "DTLS", mark: downpour.DTLSAnswer, talks: true},
	{name: "BitTorrent", mark: downpour.BitTorrentAnswer, talks: true},
}

// noService is the entry of ports and marks that tell no service.
const noService kind = 255

// portKinds and markKinds look a service up by the port that it answers from
// and by its payload.
var (
	portKinds = makePortKinds()
	markKinds = makeMarkKinds()
)

func makePortKinds() *[1 << 16]kind {
	t := new([1 << 16]kind)
	for port := range t {
		t[port] = noService
	}
	for k := len(services) - 1; k >= 0; k-- {
		for _, port := range services[k].ports {
			t[port] = kind(k)
		}
	}
	return t
}

func makeMarkKinds() (t [256]kind) {
	for mark := range t {
		t[mark] = noService
	}
	for k, s := range services {
		t[s.mark] = kind(k)
	}
	return t
}

// proves tells whether a payload is proof of the kind that its flow was taken for.
func (k kind) proves(mark downpour.PayloadMark) bool {
	switch k {
	case kindDNSQuery:
		return mark == downpour.DNSQuery
	case kindQUIC:
		return mark == downpour.QUICInitial
	case kindMiddlebox:
		return mark == downpour.HTTPAnswer
	}
	return k.isService() && services[k].mark == mark
}
