package flow

// Field is something a record tells beyond what Record holds, for people and for
// `decode`: the intake never makes one.
type Field struct {
	// Name is the key that `decode` prints: source_mac, destination_mac, vlan,
	// next_hop, destination_as and tos as the records of all protocols have them;
	// else the IANA name of the information element, or the protocol's own name.
	Name string
	// Value is a uint64, string, netip.Addr, net.HardwareAddr or []byte.
	Value any
}
