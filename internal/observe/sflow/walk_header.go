package sflow

import (
	"encoding/binary"
	"net"

	"downpour"
	"downpour/internal/observe/packet"
)

// macSize is an Ethernet address's size, in bytes, and opaqueMAC what it takes in
// a record (RFC 4506, 4.9: padded to words).
const (
	macSize   = 6
	opaqueMAC = 2 * word
)

// headerFields adds what a raw packet header tells beyond the flow record.
func (w *walker) headerFields(body []byte) {
	var raw raw
	if !raw.read(body) {
		return
	}
	link, ok := raw.link()
	if !ok {
		return
	}
	w.number("stripped", raw.stripped)
	details, ok := packet.Describe(link, raw.bytes, raw.sent())
	if !ok {
		return
	}
	if details.MACs {
		w.add("source_mac", net.HardwareAddr(details.SourceMAC[:]))
		w.add("destination_mac", net.HardwareAddr(details.DestinationMAC[:]))
	}
	w.number("vlan", uint32(details.VLAN))
	w.number("dot1qPriority", uint32(details.Priority))
	w.number("dot1qCustomerVlanId", uint32(details.InnerVLAN))
	if details.Labels > 0 {
		w.add("mpls_labels", uint64(details.Labels))
		w.add("mpls_top_label", uint64(details.Label))
	}
	w.add("tos", uint64(details.TOS))
	w.number("flowLabelIPv6", details.FlowLabel)
	w.tunnelFields(&details)
}

// tunnelFields adds the tunnel that a packet is, and its other packet: the inner
// one mostly, the outer one where the inner is the record.
func (w *walker) tunnelFields(details *packet.Details) {
	if details.Tunnel == packet.NoTunnel {
		return
	}
	w.add("tunnel", details.Tunnel.String())
	w.number("tunnel_network", details.Network)
	r := &w.walked.Record
	if r.Source == details.Outer.Source && r.Destination == details.Outer.Destination {
		w.flowFields("inner_", &details.Inner)
	} else {
		w.flowFields("outer_", &details.Outer)
	}
}

// flowFields adds the addresses, protocol and ports of a packet.
func (w *walker) flowFields(which string, f *downpour.Flow) {
	w.add(which+"source", f.Source.Netip())
	w.add(which+"destination", f.Destination.Netip())
	w.add(which+"protocol", uint64(f.Protocol))
	w.number(which+"source_port", uint32(f.SourcePort))
	w.number(which+"destination_port", uint32(f.DestinationPort))
}

// ethernetFields adds an Ethernet record (section "sampled_ethernet"): length,
// addresses, type.
func (w *walker) ethernetFields(body []byte) {
	if len(body) < 2*word+2*opaqueMAC {
		return
	}
	w.add("source_mac", net.HardwareAddr(body[word:word+macSize]))
	w.add("destination_mac", net.HardwareAddr(body[word+opaqueMAC:word+opaqueMAC+macSize]))
	w.add("ethernetType", uint64(binary.BigEndian.Uint32(body[word+2*opaqueMAC:])))
}

// ipFields adds what an IPv4 or IPv6 record has last: type of service or traffic
// class.
func (w *walker) ipFields(format uint32, body []byte) {
	size := sampledIPv4Size
	if format == recordIPv6 {
		size = sampledIPv6Size
	}
	if len(body) >= size {
		w.add("tos", uint64(binary.BigEndian.Uint32(body[size-word:])))
	}
}
