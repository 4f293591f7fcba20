package downpour

// Place is what is known of where an address is and to whom it belongs. Empty
// fields are unknown.
type Place struct {
	Country string // ISO 3166-1 alpha-2
	ASN     uint32
	Network string // the network's name as its database spells it
	Kind    NetworkKind
	// Special names the registry entry of a special-purpose address (RFC 6890:
	// "Private-Use", "Documentation (TEST-NET-1)", ...) or "Unallocated"; empty
	// for an address of the public Internet.
	Special string
}

// NetworkKind is what a network is mostly used for.
type NetworkKind string

// The kinds of network.
const (
	KindUnknown    NetworkKind = "unknown"
	KindAccess     NetworkKind = "access"
	KindMobile     NetworkKind = "mobile"
	KindHosting    NetworkKind = "hosting"
	KindEducation  NetworkKind = "education"
	KindGovernment NetworkKind = "government"
	KindBusiness   NetworkKind = "business"
	KindAnonymiser NetworkKind = "anonymiser"
)

// Database names the data that an answer rests on.
type Database struct {
	Name    string `json:"name"`
	Built   string `json:"built"` // date of the data, RFC 3339 full-date
	Licence string `json:"licence,omitempty"`
}
