// Package export makes flow export whose truth is known: datagrams of NetFlow v5
// and v9, IPFIX and sFlow v5, as a router would send them. An Encoder turns flows
// into messages, a Meter turns packets into flows as a flow cache does (active
// and inactive timeout, sampling), a Load makes traffic from a seed. What comes
// out is bytes, a capture of UDP datagrams, or telemetry sent to a loopback
// address, and nothing else: a Sender refuses every other address.
//
// It shares no code with the decoders that it tests.
package export
