package enrich

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"downpour"
	"downpour/internal/enrich/country"

	"github.com/oschwald/maxminddb-golang/v2"
)

// database is an MMDB file (MaxMind DB format 2.0) of any vendor.
type database struct {
	reader *maxminddb.Reader
	want   content
	about  downpour.Database
}

// content is what a database is asked for.
type content uint8

const (
	wantCountry content = iota
	wantNetwork
)

func (c content) String() string { return [...]string{"country", "network"}[c] }

// openDatabase opens a file and makes sure that it holds what is wanted: of its
// first probes records one at least must.
func openDatabase(path string, want content) (*database, error) {
	reader, err := maxminddb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s database %s: %s", want, path, plainError(err))
	}
	db := &database{reader: reader, want: want, about: downpour.Database{
		Name:  databaseName(reader, path),
		Built: time.Unix(int64(reader.Metadata.BuildEpoch), 0).UTC().Format("2006-01-02"),
	}}
	if err := db.probe(); err != nil {
		reader.Close()
		return nil, fmt.Errorf("%s database %s (%s): %w", want, path, reader.Metadata.DatabaseType, err)
	}
	return db, nil
}

// plainError says in plain words why a file cannot be opened.
func plainError(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	var invalid maxminddb.InvalidDatabaseError
	if errors.As(err, &invalid) {
		return "not a MaxMind DB (MMDB) file: " + err.Error()
	}
	return err.Error()
}

func databaseName(r *maxminddb.Reader, path string) string {
	file := strings.TrimSuffix(filepath.Base(path), ".mmdb")
	if kind := r.Metadata.DatabaseType; kind != "" && kind != file {
		return fmt.Sprintf("%s (%s)", file, kind)
	}
	return file
}

// probes is how many records are looked at before a file counts as the wrong one.
const probes = 2000

func (db *database) probe() error {
	seen := 0
	for result := range db.reader.Networks() {
		var r record
		if err := result.Decode(&r); err != nil {
			return fmt.Errorf("its records cannot be read: %w", err)
		}
		if db.want == wantCountry && r.country() != "" || db.want == wantNetwork && r.asn() != 0 {
			return nil
		}
		if seen++; seen >= probes {
			break
		}
	}
	if db.want == wantCountry {
		return errors.New("no record has a country (country.iso_code, country or country_code); is it a country database?")
	}
	return errors.New("no record has an autonomous system (autonomous_system_number or asn); is it a network database?")
}

// fill adds what the database knows of an address to p. A record that cannot
// be read is an unknown one.
func (db *database) fill(p *downpour.Place, a downpour.Address) {
	var r record
	if err := db.reader.Lookup(a.Netip()).Decode(&r); err != nil {
		return
	}
	if db.want == wantCountry {
		p.Country = r.country()
		return
	}
	p.ASN, p.Network = r.asn(), r.network()
	if kind := r.kind(); kind != downpour.KindUnknown {
		p.Kind = kind
	}
}

// CompactCountries makes the compact table from a country database; name is
// what the table calls itself.
func CompactCountries(path, name string) (*country.Table, error) {
	db, err := openDatabase(path, wantCountry)
	if err != nil {
		return nil, err
	}
	defer db.reader.Close()
	var list []country.Range
	for result := range db.reader.Networks() {
		var r record
		if err := result.Decode(&r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		first := downpour.AddressFrom(result.Prefix().Addr())
		m := mask(result.Prefix().Bits())
		if first.Is4() {
			m = mask(result.Prefix().Bits() + 96)
		}
		last := downpour.Address{Hi: first.Hi | ^m.Hi, Lo: first.Lo | ^m.Lo}
		list = append(list, country.Range{First: first, Last: last, Country: r.country()})
	}
	return country.New(name, time.Unix(int64(db.reader.Metadata.BuildEpoch), 0), list)
}
