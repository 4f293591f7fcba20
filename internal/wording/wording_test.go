package wording

import "testing"

func TestThousands(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.4: "0", -0.4: "0", 999: "999", 999.5: "1,000", 41143: "41,143", 1234567: "1,234,567",
		-999: "-999", -1234: "-1,234", -123456: "-123,456", 1e15: "1,000,000,000,000,000",
	} {
		if got := Thousands(v); got != want {
			t.Errorf("Thousands(%v) is %q, want %q", v, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 packets", 1: "1 packet", 2: "2 packets", 13122: "13,122 packets"} {
		if got := Count(n, "packet", "packets"); got != want {
			t.Errorf("Count(%d) is %q, want %q", n, got, want)
		}
	}
}
