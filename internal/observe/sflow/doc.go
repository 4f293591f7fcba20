// Package sflow decodes the datagrams of sFlow version 5 to flow records.
//
// The format is "sFlow Version 5" of sflow.org (July 2004) with its errata, and
// the structures that sflow.org published since; "section" in comments means its
// section 5, the data format. An agent sends samples of two kinds: of packets
// (flow samples: the first bytes of one packet of N, each with its N) and of
// counters (of an interface, each so many seconds). Here a packet becomes a
// flow.Record, the counters become the load of an interface.
//
// What is decided, since the format leaves it open:
//
//   - Samples bear no time, so a record's Time is when its datagram arrived.
//   - Bytes are the frame as the agent says that it was sent (frame_length, with
//     the frame check sequence where the agent counts it), nothing taken off for
//     what it stripped; of the IPv4 and IPv6 records, the IP packet.
//   - A record's Domain is the sub-agent; each has sequence numbers of its own.
//   - The raw header is believed before the IPv4, IPv6 and Ethernet records.
//   - Samples of discarded packets (format 5) tell why a switch dropped; they are
//     not samples of traffic, so they are counted and give no records.
//
// Most callers want a Decoder for each exporter; Walk is for people.
package sflow
