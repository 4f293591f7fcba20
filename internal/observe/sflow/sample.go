package sflow

import (
	"encoding/binary"

	"downpour/internal/observe/flow"
)

// sample is what a flow sample says besides its records (sections "flow_sample"
// and "flow_sample_expanded").
type sample struct {
	sequence uint32 // of the data source's samples
	class    uint32 // of the data source; sourceInterface mostly
	index    uint32 // of the data source
	rate     uint32 // one of so many packets is sampled
	pool     uint32 // packets that could have been sampled so far
	drops    uint32 // samples that the agent dropped so far, for lack of resources

	inputFormat, input   uint32
	outputFormat, output uint32

	count   uint32 // how many records are said to follow
	records []byte
}

// read reads a compact flow sample, if body is long enough for one.
func (s *sample) read(body []byte) bool {
	if len(body) < flowSampleSize {
		return false
	}
	_ = body[flowSampleSize-1]
	s.sequence = binary.BigEndian.Uint32(body)
	source := binary.BigEndian.Uint32(body[4:])
	s.class, s.index = source>>sourceShift, source&(1<<sourceShift-1)
	s.rate = binary.BigEndian.Uint32(body[8:])
	s.pool = binary.BigEndian.Uint32(body[12:])
	s.drops = binary.BigEndian.Uint32(body[16:])
	s.inputFormat, s.input = split(binary.BigEndian.Uint32(body[20:]))
	s.outputFormat, s.output = split(binary.BigEndian.Uint32(body[24:]))
	s.count = binary.BigEndian.Uint32(body[28:])
	s.records = body[flowSampleSize:]
	return true
}

// readExpanded reads an expanded flow sample, if body is long enough for one.
func (s *sample) readExpanded(body []byte) bool {
	if len(body) < flowExpandedSize {
		return false
	}
	_ = body[flowExpandedSize-1]
	s.sequence = binary.BigEndian.Uint32(body)
	s.class = binary.BigEndian.Uint32(body[4:])
	s.index = binary.BigEndian.Uint32(body[8:])
	s.rate = binary.BigEndian.Uint32(body[12:])
	s.pool = binary.BigEndian.Uint32(body[16:])
	s.drops = binary.BigEndian.Uint32(body[20:])
	s.inputFormat = binary.BigEndian.Uint32(body[24:])
	s.input = binary.BigEndian.Uint32(body[28:])
	s.outputFormat = binary.BigEndian.Uint32(body[32:])
	s.output = binary.BigEndian.Uint32(body[36:])
	s.count = binary.BigEndian.Uint32(body[40:])
	s.records = body[flowExpandedSize:]
	return true
}

// split takes a compact interface apart.
func split(compact uint32) (format, value uint32) {
	return compact >> interfaceShift, compact & (1<<interfaceShift - 1)
}

// interfaceNumber is the number of the interface that a format and value tell of; 0 where
// it is none, several, the agent itself, or not known.
func interfaceNumber(format, value uint32) uint32 {
	if format != interfaceIndex || value == interfaceInternal || value == interfaceInternalExpanded {
		return 0
	}
	return value
}

// direction tells on which side of its data source a packet was sampled. On a
// packet that leaves where it came in, it is on the way in.
func (s *sample) direction(input, output uint32) flow.Direction {
	switch {
	case s.class != sourceInterface || s.index == 0:
		return flow.Untold
	case s.index == input:
		return flow.In
	case s.index == output:
		return flow.Out
	}
	return flow.Untold
}
