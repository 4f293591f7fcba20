// Package capture takes packets off a network interface of this machine as they
// pass: flows of one packet, sampled in the kernel where so configured.
//
// It reads a ring of AF_PACKET (TPACKET_V3, packet(7)), which the kernel fills
// with blocks of packets that are decoded where they lie. A classic BPF program
// is attached before the socket receives anything: it takes one of N packets at
// random and cuts what is copied to the headers. Everything is done by system
// calls of golang.org/x/sys: the libraries there are (gopacket's afpacket and
// pcapgo, mdlayher/packet) hand out packets one by one, and none of them tells of
// segmentation offload.
//
// What a network card or the kernel put together (GRO, TSO) is counted as the
// packets it was or will be: their number and their headers' bytes come from the
// offload's own description. A VLAN tag that the card took off counts its bytes.
//
// Nothing is lost unseen: Stats tells what the kernel dropped because the ring
// was full, the queue what was shed because the engine fell behind.
package capture
