package netflow

import "encoding/binary"

// message builds a message of v9 or IPFIX.
type message struct {
	version uint16
	export  uint32 // seconds
	uptime  uint32 // milliseconds
	number  uint32
	domain  uint32
	count   uint16
	sets    []byte
}

// spec is a field specifier as tests write it.
type spec struct {
	element, length uint16
	enterprise      uint32
}

func (m *message) nine() bool { return m.version == 9 }

// set adds a set.
func (m *message) set(id uint16, content []byte) *message {
	m.sets = binary.BigEndian.AppendUint16(m.sets, id)
	m.sets = binary.BigEndian.AppendUint16(m.sets, uint16(setSize+len(content)))
	m.sets = append(m.sets, content...)
	m.count += 100 // no test is about the count unless it sets it
	return m
}

// template adds a set with one template.
func (m *message) template(id uint16, fields ...spec) *message {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint16(b, uint16(len(fields)))
	if m.nine() {
		return m.set(templates9, append(b, specs(fields)...))
	}
	return m.set(templates10, append(b, specs(fields)...))
}

// options adds a set with one options template, whose first fields are scope.
func (m *message) options(id uint16, scopes int, fields ...spec) *message {
	b := binary.BigEndian.AppendUint16(nil, id)
	if m.nine() {
		b = binary.BigEndian.AppendUint16(b, uint16(4*scopes))
		b = binary.BigEndian.AppendUint16(b, uint16(4*(len(fields)-scopes)))
		return m.set(options9, append(b, specs(fields)...))
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(fields)))
	b = binary.BigEndian.AppendUint16(b, uint16(scopes))
	return m.set(options10, append(b, specs(fields)...))
}

func specs(fields []spec) (b []byte) {
	for _, f := range fields {
		element := f.element
		if f.enterprise != 0 {
			element |= 0x8000
		}
		b = binary.BigEndian.AppendUint16(b, element)
		b = binary.BigEndian.AppendUint16(b, f.length)
		if f.enterprise != 0 {
			b = binary.BigEndian.AppendUint32(b, f.enterprise)
		}
	}
	return b
}

// bytes is the message.
func (m *message) bytes() []byte {
	b := binary.BigEndian.AppendUint16(nil, m.version)
	if m.nine() {
		b = binary.BigEndian.AppendUint16(b, m.count)
		b = binary.BigEndian.AppendUint32(b, m.uptime)
	} else {
		b = binary.BigEndian.AppendUint16(b, uint16(header10Size+len(m.sets)))
	}
	b = binary.BigEndian.AppendUint32(b, m.export)
	b = binary.BigEndian.AppendUint32(b, m.number)
	b = binary.BigEndian.AppendUint32(b, m.domain)
	return append(b, m.sets...)
}

// number is a big-endian number of so many bytes.
func number(v uint64, length int) []byte {
	return binary.BigEndian.AppendUint64(nil, v)[8-length:]
}

// cat joins contents.
func cat(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// message5 builds a message of v5 from records of 48 bytes.
func message5(export, uptime, number uint32, sampling uint16, records ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, 5)
	b = binary.BigEndian.AppendUint16(b, uint16(len(records)))
	b = binary.BigEndian.AppendUint32(b, uptime)
	b = binary.BigEndian.AppendUint32(b, export)
	b = binary.BigEndian.AppendUint32(b, 500_000_000)
	b = binary.BigEndian.AppendUint32(b, number)
	b = binary.BigEndian.AppendUint16(b, 0x0102)
	b = binary.BigEndian.AppendUint16(b, sampling)
	return append(b, cat(records...)...)
}

// record5 builds a record of v5.
func record5(source, destination uint32, first, last uint32, protocol uint8, ports uint32, packets, bytes uint32) []byte {
	b := make([]byte, record5Size)
	binary.BigEndian.PutUint32(b, source)
	binary.BigEndian.PutUint32(b[4:], destination)
	binary.BigEndian.PutUint32(b[12:], 3<<16|4)
	binary.BigEndian.PutUint32(b[16:], packets)
	binary.BigEndian.PutUint32(b[20:], bytes)
	binary.BigEndian.PutUint32(b[24:], first)
	binary.BigEndian.PutUint32(b[28:], last)
	binary.BigEndian.PutUint32(b[32:], ports)
	b[37], b[38] = 0x12, protocol
	binary.BigEndian.PutUint16(b[40:], 64500)
	return b
}
