// Package packet reads packet captures and decodes what is in them to flows of
// one packet.
//
// Formats: pcap (draft-ietf-opsawg-pcap: microseconds, nanoseconds, Kuznetzov's
// longer records, either byte order) and pcapng (draft-ietf-opsawg-pcapng:
// several sections and interfaces), as they are or compressed by gzip or
// zstandard; which of them a file is, is told from its content. Most callers
// want OpenFile, or Open for a stream.
//
// A Capture ends at the first damage to the file and tells it as a problem;
// malformed packets within an intact file are counted by kind. Nothing is lost
// without a count: packets = flows + frames that bear no IP + undecodable ones.
//
// Tags, labels and PPPoE are looked through. Of a tunnel (GRE, IP in IP) the outer
// packet is counted: it is what the link carried, and what a flood is aimed at.
// VXLAN between addresses that nobody reaches from outside is the operator's own
// network and looked through too; Options and Describe see into all of them.
//
// DecodeFrame decodes headers that something else sampled.
package packet
