package export

import (
	"encoding/binary"
)

// The structures of sFlow version 5 (sflow.org, sFlow Version 5, 2004, 5.3 and
// 5.4) that are made here, by their format numbers.
const (
	flowSample              = 1
	counterSample           = 2
	flowSampleExpanded      = 3
	rawPacketHeader         = 1
	genericInterfaceCounter = 1
	extendedSwitch          = 1001
	extendedGateway         = 1003
	headerEthernet          = 1
	asSequence              = 2
)

// maxHeader is how many bytes of a frame a sample bears, as agents have it.
const maxHeader = 128

// pool counts the samples of one data source.
type pool struct{ sequence, packets uint32 }

// Counters are an interface's, of which a counter sample tells.
type Counters struct {
	Interface           uint32
	Speed               uint64 // bits/s
	InOctets, OutOctets uint64
	InPackets           uint32
	OutPackets          uint32
}

// sflow encodes one sample a flow.
func (e *Encoder) sflow(at int64, flows []Flow) []byte {
	m := e.sflowHeader(at, len(flows))
	for i := range flows {
		m = e.flowSample(m, &flows[i])
	}
	return m
}

// Counters encodes counter samples of interfaces as one sFlow datagram.
func (e *Encoder) Counters(at int64, list []Counters) Datagram {
	return e.datagram(at, 0, func() []byte { return e.counters(at, list) })
}

func (e *Encoder) counters(at int64, list []Counters) []byte {
	be := binary.BigEndian
	m := e.sflowHeader(at, len(list))
	for _, c := range list {
		p := e.pool(1<<31 | c.Interface)
		b := be.AppendUint32(nil, p.sequence)
		b = be.AppendUint32(b, c.Interface)
		b = be.AppendUint32(b, 1)
		r := be.AppendUint32(nil, c.Interface)
		r = be.AppendUint32(r, 6) // ethernetCsmacd
		r = be.AppendUint64(r, c.Speed)
		r = be.AppendUint32(r, 1) // full duplex
		r = be.AppendUint32(r, 3) // up, up
		r = be.AppendUint64(r, c.InOctets)
		r = be.AppendUint32(r, c.InPackets)
		r = append(r, make([]byte, 5*4)...)
		r = be.AppendUint64(r, c.OutOctets)
		r = be.AppendUint32(r, c.OutPackets)
		r = append(r, make([]byte, 5*4)...)
		m = structure(m, counterSample, structure(b, genericInterfaceCounter, r))
	}
	return m
}

func (e *Encoder) sflowHeader(at int64, samples int) []byte {
	be := binary.BigEndian
	if e.s.Boot == 0 {
		e.s.Boot = at
	}
	agent := e.s.From.Addr()
	m := be.AppendUint32(nil, 5)
	m = be.AppendUint32(m, 1+uint32(agent.BitLen()/128))
	m = append(m, agent.AsSlice()...)
	m = be.AppendUint32(m, e.s.Domain)
	m = be.AppendUint32(m, e.sequence)
	m = be.AppendUint32(m, e.uptime(at))
	m = be.AppendUint32(m, uint32(samples))
	e.sequence++
	return m
}

func (e *Encoder) pool(source uint32) *pool {
	p := e.pools[source]
	if p == nil {
		p = &pool{}
		e.pools[source] = p
	}
	p.sequence++
	return p
}

func (e *Encoder) flowSample(m []byte, f *Flow) []byte {
	be := binary.BigEndian
	rate := max(e.s.Sampling, 1)
	p := e.pool(f.Input)
	if p.packets += rate; f.Pool != 0 {
		p.packets = f.Pool
	}
	b := be.AppendUint32(nil, p.sequence)
	if e.s.Expanded {
		b = be.AppendUint32(b, 0) // the data source is an interface
	}
	for _, v := range []uint32{f.Input, rate, p.packets, 0} {
		b = be.AppendUint32(b, v)
	}
	for _, v := range []uint32{f.Input, f.Output} {
		if e.s.Expanded {
			b = be.AppendUint32(b, 0)
		}
		b = be.AppendUint32(b, v)
	}
	records, n := e.flowRecords(f)
	b = append(be.AppendUint32(b, n), records...)
	if e.s.Expanded {
		return structure(m, flowSampleExpanded, b)
	}
	return structure(m, flowSample, b)
}

// flowRecords are what a sample says of its packet.
func (e *Encoder) flowRecords(f *Flow) (m []byte, n uint32) {
	be := binary.BigEndian
	frame, length := f.Frame, f.FrameLength
	if frame == nil {
		frame, length = f.frame()
	}
	frame = frame[:min(len(frame), maxHeader)]
	r := be.AppendUint32(nil, headerEthernet)
	r = be.AppendUint32(r, length+4) // with the checksum, which was
	r = be.AppendUint32(r, 4)        // stripped
	r = be.AppendUint32(r, uint32(len(frame)))
	r = append(r, frame...)
	for len(r)%4 != 0 {
		r = append(r, 0)
	}
	m, n = structure(nil, rawPacketHeader, r), 1
	if e.s.Switch {
		r = be.AppendUint32(nil, uint32(f.VLAN))
		r = be.AppendUint32(r, 0)
		r = be.AppendUint32(r, uint32(f.VLAN))
		r = be.AppendUint32(r, 0)
		m, n = structure(m, extendedSwitch, r), n+1
	}
	if e.s.Gateway {
		m, n = structure(m, extendedGateway, f.gateway()), n+1
	}
	return m, n
}

// gateway is the extended gateway record.
func (f *Flow) gateway() []byte {
	be := binary.BigEndian
	hop := f.NextHop
	r := be.AppendUint32(nil, uint32(hop.BitLen()+95)/96) // 0 unknown, 1 IPv4, 2 IPv6
	r = append(r, hop.AsSlice()...)
	r = be.AppendUint32(r, 64500)
	r = be.AppendUint32(r, f.SourceAS)
	r = be.AppendUint32(r, f.PreviousAS)
	path := []uint32{f.NextAS, f.DestinationAS}
	for _, v := range append([]uint32{1, asSequence, uint32(len(path))}, path...) {
		r = be.AppendUint32(r, v)
	}
	r = be.AppendUint32(r, 1)
	r = be.AppendUint32(r, 64500<<16|1) // one community
	return be.AppendUint32(r, 100)      // local preference
}

// structure appends what sFlow calls an opaque structure: format, length, body.
func structure(m []byte, format uint32, body []byte) []byte {
	m = binary.BigEndian.AppendUint32(m, format)
	m = binary.BigEndian.AppendUint32(m, uint32(len(body)))
	return append(m, body...)
}
