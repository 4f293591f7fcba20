package downpour

import (
	"fmt"
	"net/netip"
)

// Target is whom an attack is on: an address or a prefix where packets or flows
// tell of it, a name where requests do. The zero Target is "not told".
type Target struct {
	// Prefix is valid where Name is empty.
	Prefix netip.Prefix
	// Name is the host that was asked for, or the service where the log names no
	// host. It holds no slash, by which its text is told from a prefix.
	Name string
}

// TargetOf is the target of an address.
func TargetOf(a Address) Target { return Target{Prefix: a.Prefix()} }

// String writes a prefix with its length, or the name; nothing if there is none.
func (t Target) String() string {
	switch {
	case t.Name != "":
		return t.Name
	case t.Prefix.IsValid():
		return t.Prefix.String()
	}
	return ""
}

// MarshalText is String.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote. A text with a slash that is no
// prefix is an error.
func (t *Target) UnmarshalText(text []byte) error {
	*t = Target{}
	for _, c := range text {
		if c == '/' {
			if err := t.Prefix.UnmarshalText(text); err != nil {
				return fmt.Errorf("target %q: %w", text, err)
			}
			return nil
		}
	}
	t.Name = string(text)
	return nil
}
