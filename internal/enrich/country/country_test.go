package country

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"downpour"

	"pgregory.net/rapid"
)

func addr(s string) downpour.Address { return downpour.AddressFrom(netip.MustParseAddr(s)) }

func small(t testing.TB) *Table {
	t.Helper()
	table, err := New("small 1", time.Date(2026, 6, 17, 0, 0, 0, 0, time.UTC), []Range{
		{addr("10.0.1.0"), addr("10.0.1.255"), "DE"},
		{addr("10.0.0.0"), addr("10.0.0.255"), "FR"},
		{addr("10.0.2.0"), addr("10.0.2.255"), "DE"},
		{addr("255.255.255.0"), addr("255.255.255.255"), "US"},
		{addr("2001:db8::"), addr("2001:db8:0:0:ffff:ffff:ffff:ffff"), "NL"},
		{addr("2001:db8:0:1::"), addr("2001:db8:0:1::ffff"), "BE"},
		{addr("2001:db8:0:1::1:0"), addr("2001:db8:0:1:ffff:ffff:ffff:ffff"), "LU"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestCountry(t *testing.T) {
	for in, want := range map[string]string{
		"0.0.0.0": "", "9.255.255.255": "", "10.0.0.0": "FR", "10.0.0.255": "FR", "10.0.1.0": "DE", "10.0.2.255": "DE",
		"10.0.3.0": "", "255.255.254.255": "", "255.255.255.0": "US", "255.255.255.255": "US",
		"::": "", "2001:db8::1": "NL", "2001:db8:0:1::1": "BE", "2001:db8:0:1:f::": "BE", "2001:db8:0:2::": "", "ffff::": "",
	} {
		if got := small(t).Country(addr(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestAllocationShare(t *testing.T) {
	table := small(t)
	for code, want := range map[string]float64{"DE": 0.5, "FR": 0.25, "US": 0.25, "NL": 0, "XX": 0, "": 0} {
		if got := table.AllocationShare(code); got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, r := range map[string]Range{
		"backwards": {addr("10.0.0.1"), addr("10.0.0.0"), "DE"},
		"crosses":   {addr("10.0.0.1"), addr("2001:db8::"), "DE"},
		"code":      {addr("10.0.0.1"), addr("10.0.0.1"), "de"},
	} {
		if _, err := New("x", time.Time{}, []Range{r}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Any set of ranges answers as the list itself does, before and after the file form.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		starts := rapid.SliceOfNDistinct(rapid.Uint32(), 1, 40, rapid.ID).Draw(t, "starts")
		codes := []string{"DE", "FR", "US", ""}
		var list []Range
		for i, s := range starts {
			list = append(list, Range{downpour.AddressFrom4(s), downpour.AddressFrom4(s), codes[i%len(codes)]})
		}
		table, err := New("rapid", time.Unix(1, 0), list)
		if err != nil {
			t.Fatal(err)
		}
		data, err := table.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if got := back.Country(r.First); got != r.Country {
				t.Fatalf("%v: %q, want %q", r.First, got, r.Country)
			}
		}
		if back.Name() != "rapid" || !back.Built().Equal(time.Unix(1, 0)) {
			t.Fatalf("name or date lost: %s %v", back.Name(), back.Built())
		}
	})
}

func TestDecodeRefusesDamage(t *testing.T) {
	data, err := small(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(data[:len(data)/2]); err == nil {
		t.Error("half a file was accepted")
	}
	if _, err := Decode([]byte("plain text")); err == nil || !strings.Contains(err.Error(), "country table") {
		t.Errorf("text: %v", err)
	}
}

// plain is the decompressed form of a table, the fuzzer's seed.
func plain(t testing.TB) []byte {
	table := small(t)
	b := []byte(magic)
	b = append(b, 1, 1, 'x', byte(len(table.codes)-1))
	for _, c := range table.codes[1:] {
		b = append(b, c...)
	}
	return appendRanges(appendRanges(b, &table.v4), &table.v6)
}

func FuzzParse(f *testing.F) {
	f.Add(plain(f))
	f.Add([]byte(magic))
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(_ *testing.T, b []byte) {
		table, err := parse(b)
		if err != nil {
			return
		}
		for _, a := range []string{"0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "10.0.1.1"} {
			table.Country(addr(a))
		}
	})
}

func TestSeedParses(t *testing.T) {
	table, err := parse(plain(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := table.Country(addr("10.0.1.1")); got != "DE" {
		t.Errorf("got %q", got)
	}
}
