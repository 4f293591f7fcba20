package downpour_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"downpour"
)

// TestTargetText: what is stored reads back as what it was, as does what earlier
// versions stored, which knew prefixes only.
func TestTargetText(t *testing.T) {
	for text, want := range map[string]downpour.Target{
		`"198.51.100.7/32"`: {Prefix: netip.MustParsePrefix("198.51.100.7/32")},
		`"2001:db8::/48"`:   {Prefix: netip.MustParsePrefix("2001:db8::/48")},
		`"www.example.com"`: {Name: "www.example.com"},
		`"192.0.2.1"`:       {Name: "192.0.2.1"}, // a host that was asked for by its address
		`""`:                {},
	} {
		var got downpour.Target
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
		if back, err := json.Marshal(want); err != nil || string(back) != text {
			t.Errorf("%v: %s %v, want %s", want, back, err, text)
		}
	}
	if err := json.Unmarshal([]byte(`"300.1.1.1/8"`), new(downpour.Target)); err == nil {
		t.Error("a prefix that is none is taken")
	}
}
