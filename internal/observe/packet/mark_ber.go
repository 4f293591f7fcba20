package packet

// The tags of BER (ITU-T X.690) that are met below.
const (
	berInteger     = 0x02
	berOctetString = 0x04
	berSequence    = 0x30
)

// ber is a cursor over BER's tag-length-value encoding. It never fails loudly:
// what does not fit makes the next step false.
type ber []byte

// header reads a tag and a length in its definite form.
func (b ber) header() (tag byte, length, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, 0, false
	}
	tag, length, size = b[0], int(b[1]), 2
	if length < 0x80 {
		return tag, length, size, true
	}
	octets := length & 0x7f
	if octets == 0 || octets > 4 || len(b) < 2+octets {
		return 0, 0, 0, false
	}
	length = 0
	for _, o := range b[2 : 2+octets] {
		length = length<<8 | int(o)
	}
	return tag, length, 2 + octets, length >= 0
}

// enter steps into an element with a tag.
func (b *ber) enter(tag byte) bool {
	got, _, size, ok := b.header()
	if !ok || got != tag {
		return false
	}
	*b = (*b)[size:]
	return true
}

// skip steps over an element with a tag.
func (b *ber) skip(tag byte) bool {
	got, length, size, ok := b.header()
	if !ok || got != tag || length > len(*b)-size {
		return false
	}
	*b = (*b)[size+length:]
	return true
}

// next is the tag that comes.
func (b ber) next() byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// isCLDAPAnswer: an LDAPMessage (RFC 4511, 4.1.1; over UDP as RFC 1798) that is
// searchResEntry, searchResDone or searchResRef.
func isCLDAPAnswer(p []byte) bool {
	b := ber(p)
	if !b.enter(berSequence) || !b.skip(berInteger) {
		return false
	}
	return b.next() == 0x64 || b.next() == 0x65 || b.next() == 0x73
}

// isSNMPAnswer: a Response or Report (RFC 3416, 3: 0xA2, 0xA8) in a message of
// version 1 or 2c (RFC 1157, RFC 1901) or, not encrypted, 3 (RFC 3412, 6).
func isSNMPAnswer(p []byte) bool {
	b := ber(p)
	if !b.enter(berSequence) {
		return false
	}
	version := b
	if !b.skip(berInteger) {
		return false
	}
	// A version is one byte behind its tag and length.
	if len(version) >= 3 && version[1] == 1 && version[2] == 3 {
		if !b.skip(berSequence) || !b.skip(berOctetString) || !b.enter(berSequence) || !b.skip(berOctetString) {
			return false
		}
	}
	return b.skip(berOctetString) && (b.next() == 0xa2 || b.next() == 0xa8)
}
