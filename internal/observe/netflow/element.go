package netflow

import "strconv"

// Type is an abstract data type of RFC 7012, 3.1, numbered as RFC 5610, 3.1 does.
type Type uint8

// The abstract data types.
const (
	OctetArray Type = iota
	Unsigned8
	Unsigned16
	Unsigned32
	Unsigned64
	Signed8
	Signed16
	Signed32
	Signed64
	Float32
	Float64
	Boolean
	MacAddress
	String
	DateTimeSeconds
	DateTimeMilliseconds
	DateTimeMicroseconds
	DateTimeNanoseconds
	IPv4Address
	IPv6Address
	BasicList
	SubTemplateList
	SubTemplateMultiList
)

// element is a row of IANA's registry of information elements.
type element struct {
	name string
	kind Type
}

//go:generate go run ./gen gen/registry_IANA.txt elements_gen.go

// The enterprises whose elements are those of IANA seen from elsewhere.
const (
	iana = 0
	// Reverse bears IANA's elements for the other direction of a biflow (RFC
	// 5103, 6.1).
	Reverse = 29305
)

// Lookup gives name and type of an information element: IANA's name,
// reverse... for those of RFC 5103, "enterprise.element" and octets for what is
// in no table.
func Lookup(enterprise uint32, number uint16) (string, Type) {
	if (enterprise == iana || enterprise == Reverse) && int(number) < len(elements) {
		if e := elements[number]; e.name != "" {
			if enterprise == Reverse {
				return reverseName(e.name), e.kind
			}
			return e.name, e.kind
		}
	}
	return strconv.FormatUint(uint64(enterprise), 10) + "." + strconv.Itoa(int(number)), OctetArray
}

// reverseName is what RFC 5103, 6.1 calls the element of the other direction.
func reverseName(name string) string {
	return "reverse" + string(name[0]&^0x20) + name[1:]
}
