package downpour

import "time"

// Input describes one input of an analysis: what it was, how much of it was
// read and what was wrong with it.
type Input struct {
	Name     string     `json:"name"`
	Kind     string     `json:"kind"` // pcap, pcapng, flow export, web log, reports
	Packets  uint64     `json:"packets"`
	Records  uint64     `json:"records"`
	Bytes    uint64     `json:"bytes"` // on the wire (packets), or of the input's data
	Start    *time.Time `json:"start"`
	End      *time.Time `json:"end"`
	Problems []Problem  `json:"problems"`
}

// Problem is damage or an oddity in an input. The same problem is told once,
// with its first offset and how often it was met.
type Problem struct {
	Offset int64  `json:"offset"` // bytes into the (uncompressed) input; lines where it has lines
	Says   string `json:"says"`
	Count  int    `json:"count"`
}
