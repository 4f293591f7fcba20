package flow

// InterfaceLoad is what an interface of an exporter carries by its own counters
// (RFC 2863, ifTable), as sFlow sends them each so many seconds: every packet
// counted, none sampled, so flows can be held against it.
type InterfaceLoad struct {
	Index uint32
	Name  string // as the exporter tells it; "" if it doesn't
	// Speed in bits per second; 0 if not known.
	Speed uint64
	// Up tells ifOperStatus and ifAdminStatus, both.
	Up bool
	// At is when the newest counters arrived, nanoseconds since the epoch.
	At int64
	// Over is between which counters the rates were taken, in nanoseconds by the
	// exporter's clock; 0 if there are no two to compare: then no rate is known.
	Over    int64
	In, Out Load
}

// Load are rates of one direction of an interface, a second.
type Load struct{ Bits, Packets, Discards, Errors Rate }

// Rate is a rate a second, if the exporter counts such.
type Rate struct {
	Value float64
	Known bool
}
