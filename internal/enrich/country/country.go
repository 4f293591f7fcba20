// Package country holds a table of countries by address in a form small enough
// to travel inside the program: sorted range starts with a country each, IPv4
// by address and IPv6 by /64. It is made from a database once, by the generator
// beside it, and read at every start.
//
// A range that the database does not have is held as unknown, so the table also
// tells which addresses no registry has given out.
package country

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"downpour"
)

// Table maps addresses to countries. It is immutable and safe for concurrent use.
type Table struct {
	name  string
	built time.Time
	codes []string // by index; 0 is unknown and empty
	v4    ranges[uint32]
	v6    ranges[uint64] // by the first 64 bits
	share map[string]float64
}

// Range is one stretch of addresses with its country, given to a Builder.
// Addresses of IPv6 are told apart by their first 64 bits only.
type Range struct {
	First, Last downpour.Address
	Country     string // ISO 3166-1 alpha-2; empty is unknown
}

// ranges holds a family's starts in order: an address belongs to the last start
// that is not above it. The index gives, for each value of the address's first
// indexBits bits, the first start that is not below it, so a look-up searches
// a handful of starts and not all of them.
type ranges[T uint32 | uint64] struct {
	starts []T
	owners []uint8 // index into codes
	index  []uint32
	shift  uint
}

// indexBits is how many leading bits the index tells apart: 2^18 entries of 4
// bytes are 1 MB a family and leave a median of two starts to search.
const indexBits = 18

// lookup returns the owner of v. The first start is always zero.
func (r *ranges[T]) lookup(v T) uint8 {
	slot := v >> r.shift
	low, high := r.index[slot], r.index[slot+1]
	for low < high {
		middle := (low + high) / 2
		if r.starts[middle] <= v {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return r.owners[low-1]
}

// reindex builds the index; bits is the width of T.
func (r *ranges[T]) reindex(bits uint) {
	r.shift = bits - indexBits
	r.index = make([]uint32, 1<<indexBits+1)
	next := uint32(0)
	for slot := range uint64(1 << indexBits) {
		for int(next) < len(r.starts) && uint64(r.starts[next]>>r.shift) < slot {
			next++
		}
		r.index[slot] = next
	}
	r.index[1<<indexBits] = uint32(len(r.starts))
}

// append adds a range that ends where the next begins; equal neighbours merge.
func (r *ranges[T]) append(start T, owner uint8) {
	if n := len(r.starts); n > 0 {
		if r.owners[n-1] == owner {
			return
		}
		if r.starts[n-1] == start {
			r.owners[n-1] = owner
			return
		}
	}
	r.starts = append(r.starts, start)
	r.owners = append(r.owners, owner)
}

// Country returns the ISO 3166-1 alpha-2 code of the country that an address is
// registered in, or "" if the table does not know.
func (t *Table) Country(a downpour.Address) string {
	if a.Is4() {
		return t.codes[t.v4.lookup(a.V4())]
	}
	return t.codes[t.v6.lookup(a.Hi)]
}

// Name is the database's name and version, Built the day its data was made.
func (t *Table) Name() string { return t.name }

// Built is when the database that the table was made from was built.
func (t *Table) Built() time.Time { return t.built }

// AllocationShare is the share of all IPv4 addresses in the table that belong
// to a country, in [0, 1]: what a flood whose sources are drawn evenly from the
// allocated space would show for it.
func (t *Table) AllocationShare(code string) float64 { return t.share[code] }

// allocation computes AllocationShare for every country.
func (t *Table) allocation() map[string]float64 {
	counts := make([]uint64, len(t.codes))
	var known uint64
	for i, start := range t.v4.starts {
		end := uint64(1) << 32
		if i+1 < len(t.v4.starts) {
			end = uint64(t.v4.starts[i+1])
		}
		owner := t.v4.owners[i]
		counts[owner] += end - uint64(start)
		if owner != 0 {
			known += end - uint64(start)
		}
	}
	share := make(map[string]float64, len(t.codes))
	for i := 1; i < len(counts) && known > 0; i++ {
		share[t.codes[i]] = float64(counts[i]) / float64(known)
	}
	return share
}

// New makes a table of ranges. They may come in any order; they must not
// overlap within a family, save that IPv6 ranges smaller than a /64 yield to
// the one that holds the /64's first address.
func New(name string, built time.Time, list []Range) (*Table, error) {
	t := &Table{name: name, built: built.UTC().Truncate(time.Second)}
	owner, err := t.number(list)
	if err != nil {
		return nil, err
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b Range) int { return a.First.Compare(b.First) })
	four, six := uint64(0), uint64(0) // the first value not yet covered
	fourFull, sixFull := false, false
	for _, r := range sorted {
		if r.Last.Compare(r.First) < 0 || r.First.Is4() != r.Last.Is4() {
			return nil, fmt.Errorf("range %v to %v runs backwards or crosses families", r.First, r.Last)
		}
		if r.First.Is4() {
			four, fourFull = fill(&t.v4, four, uint64(r.First.V4()), uint64(r.Last.V4()), 1<<32-1, owner[r.Country], fourFull)
			continue
		}
		first := r.First.Hi
		if r.First.Lo != 0 {
			if first == r.Last.Hi {
				continue // inside a /64 that another range begins
			}
			first++
		}
		six, sixFull = fill(&t.v6, six, first, r.Last.Hi, ^uint64(0), owner[r.Country], sixFull)
	}
	finish(&t.v4, four, fourFull)
	finish(&t.v6, six, sixFull)
	t.ready()
	return t, nil
}

// fill appends [first, last] after what is covered up to next, with a gap of
// unknown before it where there is one.
func fill[T uint32 | uint64](r *ranges[T], next, first, last, top uint64, owner uint8, full bool) (uint64, bool) {
	first = max(first, next)
	if full || first > last {
		return next, full
	}
	if first > next {
		r.append(T(next), 0)
	}
	r.append(T(first), owner)
	if last == top {
		return next, true
	}
	return last + 1, false
}

// finish closes a family with unknown up to its end.
func finish[T uint32 | uint64](r *ranges[T], next uint64, full bool) {
	if !full {
		r.append(T(next), 0)
	}
}

// number gives each country its index in codes, in alphabetical order.
func (t *Table) number(list []Range) (map[string]uint8, error) {
	owner := map[string]uint8{"": 0}
	for _, r := range list {
		if r.Country != "" && !validCode(r.Country) {
			return nil, fmt.Errorf("%q is no ISO 3166-1 alpha-2 code", r.Country)
		}
		owner[r.Country] = 0
	}
	t.codes = make([]string, 0, len(owner))
	for code := range owner {
		t.codes = append(t.codes, code)
	}
	sort.Strings(t.codes)
	if len(t.codes) > 256 {
		return nil, fmt.Errorf("%d countries; the table holds 255", len(t.codes)-1)
	}
	for i, code := range t.codes {
		owner[code] = uint8(i)
	}
	return owner, nil
}

// ready computes what is derived from the ranges.
func (t *Table) ready() {
	t.v4.reindex(32)
	t.v6.reindex(64)
	t.share = t.allocation()
}

func validCode(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}
