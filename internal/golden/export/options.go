package export

import (
	"encoding/binary"

	"downpour/internal/observe/flow"
)

// Scopes of NetFlow v9 (RFC 3954, 6.1).
const (
	scopeSystem    = 1
	scopeInterface = 2
)

// observationDomainID is IPFIX's element for a scope that is the whole domain.
const observationDomainID = 149

// options is one options template with its records.
type options struct {
	scope   Field // in v9's numbering, or an element of IPFIX
	fields  []Field
	records []byte
	count   int
}

// options is what the exporter tells beside its flows.
func (e *Encoder) options() []options {
	var list []options
	if o, ok := e.samplingOptions(); ok {
		list = append(list, o)
	}
	if len(e.s.Interfaces) > 0 {
		list = append(list, e.interfaceOptions())
	}
	return list
}

// samplingOptions tells the rate in the announced way.
func (e *Encoder) samplingOptions() (options, bool) {
	const random = 2
	o := options{count: 1, scope: Field{observationDomainID, 4, 0}}
	o.records = binary.BigEndian.AppendUint32(nil, e.s.Domain)
	if e.s.Version == flow.NetFlow9 {
		o.scope.Element = scopeSystem
	}
	n := uint64(max(e.s.Sampling, 1))
	switch e.s.Announce {
	case ByInterval:
		o.fields = []Field{{SamplingInterval, 4, 0}, {SamplingAlgorithm, 1, 0}}
		o.records = append(appendUint(o.records, n, 4), random)
	case BySampler:
		o.fields = []Field{{SamplerID, 1, 0}, {SamplerMode, 1, 0}, {SamplerRandomInterval, 4, 0}}
		o.records = appendUint(append(o.records, 1, random), n, 4)
	case ByPacketSpace:
		o.fields = []Field{{SamplingPacketInterval, 4, 0}, {SamplingPacketSpace, 4, 0}}
		o.records = appendUint(appendUint(o.records, 1, 4), n-1, 4)
	default:
		return o, false
	}
	return o, true
}

// interfaceOptions tells the names of interfaces: of fixed length in v9, of
// variable length in IPFIX.
func (e *Encoder) interfaceOptions() options {
	o := options{count: len(e.s.Interfaces), scope: Field{IngressInterface, 4, 0}}
	length := uint16(Variable)
	if e.s.Version == flow.NetFlow9 {
		o.scope.Element, length = scopeInterface, 32
	}
	o.fields = []Field{{InterfaceName, length, 0}}
	for _, i := range e.s.Interfaces {
		o.records = appendUint(o.records, uint64(i.Number), 4)
		o.records = appendBytes(o.records, []byte(i.Name), length)
	}
	return o
}

func (o *options) kind(nine bool) uint16 {
	if nine {
		return optionsTemplateSet9
	}
	return optionsTemplateSet
}

// template is the options template record: v9 counts bytes (RFC 3954, 6.1),
// IPFIX fields (RFC 7011, 3.4.2.2).
func (o *options) template(id uint16, nine bool) []byte {
	be := binary.BigEndian
	m := be.AppendUint16(nil, id)
	if nine {
		m = be.AppendUint16(m, 4)
		m = be.AppendUint16(m, uint16(4*len(o.fields)))
	} else {
		m = be.AppendUint16(m, uint16(1+len(o.fields)))
		m = be.AppendUint16(m, 1)
	}
	return specifiers(m, append([]Field{o.scope}, o.fields...))
}
