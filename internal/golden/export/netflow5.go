package export

import (
	"encoding/binary"
	"time"
)

// netflow5 encodes up to 30 flows (Cisco, NetFlow export datagram format,
// version 5); nil if none of them is IPv4.
func (e *Encoder) netflow5(at int64, flows []Flow) []byte {
	be := binary.BigEndian
	m := make([]byte, 24, 24+48*len(flows))
	count := 0
	for i := range flows {
		if f := &flows[i]; f.Source.Is4() && f.Destination.Is4() {
			m = e.record5(m, f)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	now := e.clock(at)
	be.PutUint16(m, 5)
	be.PutUint16(m[2:], uint16(count))
	be.PutUint32(m[4:], e.uptime(at))
	be.PutUint32(m[8:], uint32(seconds(now)))
	be.PutUint32(m[12:], uint32(now%int64(time.Second)))
	be.PutUint32(m[16:], e.sequence)
	m[21] = byte(e.s.Domain)
	if e.s.Announce == ByHeader {
		const random, most = 2, 1<<14 - 1
		be.PutUint16(m[22:], random<<14|uint16(min(e.s.Sampling, most)))
	}
	e.sequence += uint32(count)
	return m
}

func (e *Encoder) record5(m []byte, f *Flow) []byte {
	be := binary.BigEndian
	source, destination := f.Source.As4(), f.Destination.As4()
	m = append(append(m, source[:]...), destination[:]...)
	hop := [4]byte{}
	if f.NextHop.Is4() {
		hop = f.NextHop.As4()
	}
	m = append(m, hop[:]...)
	m = be.AppendUint16(m, uint16(f.Input))
	m = be.AppendUint16(m, uint16(f.Output))
	m = appendUint(m, f.Packets, 4)
	m = appendUint(m, f.Bytes, 4)
	m = be.AppendUint32(m, e.uptime(f.Start))
	m = be.AppendUint32(m, e.uptime(f.End))
	m = be.AppendUint16(m, f.SourcePort)
	port := f.DestinationPort
	if f.Protocol == 1 { // ICMP: type and code stand in the port's place
		port = uint16(f.ICMPType)<<8 | uint16(f.ICMPCode)
	}
	m = be.AppendUint16(m, port)
	m = append(m, 0, f.TCPFlags, f.Protocol, f.TOS)
	m = be.AppendUint16(m, uint16(f.SourceAS))
	m = be.AppendUint16(m, uint16(f.DestinationAS))
	return append(m, 0, 0, 0, 0)
}
