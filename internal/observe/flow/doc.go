// Package flow says what all protocols of flow export have in common: the record
// that their decoders give, what a datagram tells of its exporter, and the names
// of what can be wrong. The protocols are in netflow (v5, v9, IPFIX) and sflow;
// collector receives them, export reads them from files.
package flow
