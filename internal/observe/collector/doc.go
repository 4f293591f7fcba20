// Package collector receives flow export live: NetFlow v5, v9 and IPFIX
// (RFC 3954, RFC 7011) and sFlow v5 over UDP, IPFIX over TCP and TLS. It knows
// the exporters, ignores and lists the unknown ones, corrects clocks, learns how
// late records come, numbers where traffic enters, and hands batches of flows on.
//
// Everything an exporter or a stranger sends is bounded: exporters, unknown
// senders, templates (in the decoders), datagrams, connections. Whatever does not
// get through is counted where it was lost: in the kernel's socket buffer, on the
// way (sequence numbers), in a decoder, in the queue, or as too late.
package collector
