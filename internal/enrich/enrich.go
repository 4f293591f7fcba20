// Package enrich tells what is known of an address: the country it is
// registered in, the network that announces it, the special purpose it serves.
// It needs no set-up: a country table made of the Internet registries' own
// lists is embedded. Any MMDB file may be given for countries and networks.
//
// Where an address is registered is an estimate of where its machine stands,
// and no evidence at all of who directs that machine.
package enrich

import (
	_ "embed"
	"fmt"

	"downpour"
	"downpour/internal/enrich/country"
)

// embedded is made by internal/enrich/gen; its terms stand in NOTICE.
//
//go:embed country.bin
var embedded []byte

// embeddedLicence is what must stand where the embedded table is used.
const embeddedLicence = "CC BY 4.0: nro.net; compilation CC0-1.0: ip-location-db"

// Config names the databases to use; an empty path means none of that kind, and
// for countries the embedded table.
type Config struct {
	Country string // path of an MMDB file with countries
	Network string // path of an MMDB file with autonomous systems
}

// Table answers what is known of addresses. It is immutable and safe for
// concurrent use.
type Table struct {
	registries *country.Table // always there: which space is allocated, and to whom
	special    specials
	country    *database // nil: the embedded table
	network    *database // nil: networks are not known
}

// Open loads the databases. Its errors name the file and what is wrong with it.
func Open(cfg Config) (*Table, error) {
	registries, err := country.Decode(embedded)
	if err != nil {
		return nil, fmt.Errorf("embedded %w", err)
	}
	t := &Table{registries: registries, special: newSpecials()}
	if cfg.Country != "" {
		if t.country, err = openDatabase(cfg.Country, wantCountry); err != nil {
			return nil, err
		}
	}
	if cfg.Network != "" {
		if t.network, err = openDatabase(cfg.Network, wantNetwork); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Place returns what is known of an address. A special-purpose or unallocated
// address has neither country nor network.
func (t *Table) Place(a downpour.Address) downpour.Place {
	if name := t.special.name(a); name != "" {
		return downpour.Place{Kind: downpour.KindUnknown, Special: name}
	}
	p := downpour.Place{Kind: downpour.KindUnknown}
	registered := t.registries.Country(a)
	if t.country == nil {
		p.Country = registered
	} else {
		t.country.fill(&p, a)
	}
	if t.network != nil {
		t.network.fill(&p, a)
	}
	if registered == "" && p.Country == "" && p.ASN == 0 {
		p.Special = Unallocated
	}
	return p
}

// Databases names the data that Place's answers rest on: countries first.
func (t *Table) Databases() []downpour.Database {
	list := make([]downpour.Database, 0, 2)
	if t.country != nil {
		list = append(list, t.country.about)
	} else {
		list = append(list, downpour.Database{
			Name:    t.registries.Name(),
			Built:   t.registries.Built().Format("2006-01-02"),
			Licence: embeddedLicence,
		})
	}
	if t.network != nil {
		list = append(list, t.network.about)
	}
	return list
}

// KnowsNetworks tells whether a network database is in use.
func (t *Table) KnowsNetworks() bool { return t.network != nil }

// AllocationShare is the share of the allocated IPv4 addresses that are
// registered in a country, in [0, 1], by the embedded table: what sources drawn
// evenly from the address space would show. 0 for an unknown code.
func (t *Table) AllocationShare(country string) float64 {
	return t.registries.AllocationShare(country)
}
