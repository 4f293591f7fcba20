// Package traffic makes packet captures whose truth is known: attacks of every
// kind that Downpour names, usual traffic of many kinds, and both at once. A
// Recipe says what happens; the same recipe and seed give the same bytes.
//
// It writes frames to a capture and to nothing else. Nothing here opens a
// socket, and the frames are made to be decoded, not to be sent: their addresses
// stand for populations (population.go), not for anybody's hosts.
//
// Payloads follow the specifications of their protocols as far as a decoder
// looks; each names its source.
package traffic
