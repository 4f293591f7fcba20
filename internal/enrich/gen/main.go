// Command gen makes the embedded country table from an MMDB country database.
//
//	npm pack @ip-location-db/geo-whois-asn-country-mmdb@2.3.2026061719
//	tar xzf ip-location-db-geo-whois-asn-country-mmdb-*.tgz
//	go run ./internal/enrich/gen package/geo-whois-asn-country.mmdb \
//	    "geo-whois-asn-country 2.3.2026061719" internal/enrich/country.bin
//
// The database's terms stand in NOTICE; a new one needs a look at its terms.
package main

import (
	"fmt"
	"os"

	"downpour/internal/enrich"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: gen MMDB NAME OUT")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func generate(path, name, out string) error {
	table, err := enrich.CompactCountries(path, name)
	if err != nil {
		return err
	}
	data, err := table.Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(out, data, 0o644)
}
