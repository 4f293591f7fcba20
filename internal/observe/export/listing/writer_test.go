package listing

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// TestNoControls: what exporters write shows as itself and no terminal obeys it.
func TestNoControls(t *testing.T) {
	for _, s := range []string{"plain", "\x1b[2J", "a\x7fb", "\u009b2J\u0085", "über \U0001f310", "\xffx", "=cmd|' /C calc'!A0"} {
		got := string(appendString(nil, s))
		if strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q is printed as %q", s, got)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != strings.ToValidUTF8(s, "\uFFFD") {
			t.Errorf("%q reads back as %q, %v", s, back, err)
		}
	}
}
