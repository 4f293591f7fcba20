//go:build mmdb

package enrich

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/oschwald/maxminddb-golang/v2"

	"downpour"
)

// The embedded table answers as the database that it was made from does, and the
// generator makes it again byte for byte. DOWNPOUR_COUNTRY_MMDB names that file.
func TestEmbeddedEqualsItsSource(t *testing.T) {
	path := os.Getenv("DOWNPOUR_COUNTRY_MMDB")
	if path == "" {
		t.Fatal("DOWNPOUR_COUNTRY_MMDB must name the database (see gen)")
	}
	source, err := maxminddb.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	table := open(t, Config{})
	random := rand.New(rand.NewPCG(1, 2))
	for range 500_000 {
		a := downpour.AddressFrom4(random.Uint32())
		var r record
		if err := source.Lookup(a.Netip()).Decode(&r); err != nil {
			t.Fatal(err)
		}
		if got := table.registries.Country(a); got != r.country() {
			t.Fatalf("%v: %q, its source says %q", a, got, r.country())
		}
	}
	fresh, err := CompactCountries(path, table.registries.Name())
	if err != nil {
		t.Fatal(err)
	}
	data, err := fresh.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != string(embedded) {
		t.Error("the generator makes another file than the embedded one")
	}
}
