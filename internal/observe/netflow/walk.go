package netflow

import "downpour/internal/observe/flow"

// Field is one field of a record as it was exported.
type Field struct {
	Enterprise uint32 // 0 is IANA; Reverse IANA's for the other direction
	Element    uint16
	Scope      bool   // it is of an options record and says what the others are about
	Name       string // as Lookup gives it
	Type       Type
	// Raw is the field's content. It is the message's memory, or the decoder's,
	// and must not be kept.
	Raw []byte
}

// Walked is a record with all that its exporter sent.
type Walked struct {
	// Records are what Decode gives for it: one; two for a biflow whose other
	// direction had traffic; none for an options record or one without addresses.
	Records []flow.Record
	// Datagram is the message that the record came in, if it had to wait for its
	// template an earlier one than the message walked.
	Datagram flow.Datagram
	Template uint16 // its template's number; 0 for NetFlow v5
	Options  bool   // it tells of the exporter, not of traffic
	// Fields are those of the template in its order, without padding (210).
	Fields []Field
}

// Walk decodes a message as Decode does, and yields each record with its fields.
// What is yielded is valid until yield returns.
func (d *Decoder) Walk(message []byte, at int64, yield func(*Walked)) flow.Datagram {
	d.walk = yield
	_, told := d.Decode(nil, message, at)
	d.walk = nil
	return told
}
