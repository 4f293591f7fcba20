package origin

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"downpour"
)

// byOctet places an address by its first octet, with networks by the second.
type byOctet struct{}

func (byOctet) Place(a downpour.Address) downpour.Place {
	if a.V4()>>24 == 250 {
		return downpour.Place{Kind: downpour.KindUnknown}
	}
	n := a.V4() >> 24
	return downpour.Place{Country: fmt.Sprintf("%c%c", 'A'+n/26%26, 'A'+n%26), ASN: 64500 + a.V4()>>16&0xff, Network: "N", Kind: downpour.KindUnknown}
}
func (byOctet) Databases() []downpour.Database { return nil }
func (byOctet) KnowsNetworks() bool            { return true }
func (byOctet) AllocationShare(string) float64 { return 0.01 }

// Coverage of the intervals on heavy-tailed sources, where all sources are
// known and where a sample with the heaviest beside it is.
func TestShareCoverage(t *testing.T) {
	p := newPopulation(5)
	const truth, rounds = 0.3, 600
	draw := func(n int) *downpour.Footprint {
		return footprint(n, 1, func(i int) downpour.Source {
			country := uint32(2)
			if p.random.Float64() < truth {
				country = 1
			}
			return downpour.Source{Address: downpour.AddressFrom4(country<<24 | uint32(i)), Packets: p.pareto(1.5)}
		})
	}
	for _, c := range []struct {
		name string
		make func() *downpour.Footprint
	}{
		{"all of 300 sources", func() *downpour.Footprint { return draw(300) }},
		{"500 of 5,000 sources and the 64 heaviest", func() *downpour.Footprint { return sample(draw(5000), 500) }},
	} {
		covered := 0
		for range rounds {
			rows := sources(&downpour.Footprint{}, locate(c.make(), byOctet{}), byOctet{}).ByCountry
			for _, r := range rows {
				if *r.Country == "AB" && r.Share.Contains(truth) {
					covered++
				}
			}
		}
		got := float64(covered) / rounds
		t.Logf("%s: %.1f %% of the intervals hold the truth", c.name, 100*got)
		if got < 0.93 || got > 0.975 {
			t.Errorf("%s: coverage %.3f, promised 0.95", c.name, got)
		}
	}
}

// sample keeps n sources as a bottom-k sample does, and lists the heaviest.
func sample(f *downpour.Footprint, n int) *downpour.Footprint {
	heavy := slices.Clone(f.Sample)
	slices.SortFunc(heavy, func(a, b downpour.Source) int { return cmp.Compare(b.Packets, a.Packets) })
	out := *f
	out.Heavy, out.Sample, out.SampleComplete = heavy[:64], f.Sample[:n], false
	return &out
}

func TestRowsAreBounded(t *testing.T) {
	f := footprint(4000, 1, func(i int) downpour.Source {
		return downpour.Source{Address: downpour.AddressFrom4(uint32(1+i%120)<<24 | uint32(i)<<8), Packets: uint64(1 + i%7)}
	})
	f.Sample = append(f.Sample, downpour.Source{Address: downpour.AddressFrom4(250 << 24), Packets: 900})
	f.Packets += 900
	s, _, _ := Assess(f, vector("UDP flood"), byOctet{}, nil)
	if len(s.ByCountry) != 50 || len(s.ByNetwork) > 50 {
		t.Fatalf("%d countries, %d networks", len(s.ByCountry), len(s.ByNetwork))
	}
	var sum float64
	unknown, rest := 0, 0
	for i, r := range s.ByCountry {
		sum += r.Share.Value
		if i > 0 && r.Share.Value > s.ByCountry[i-1].Share.Value {
			t.Error("not sorted by share")
		}
		switch {
		case r.Country == nil:
			unknown++
		case *r.Country == other:
			rest++
		}
	}
	if math.Abs(sum-1) > 1e-9 || unknown != 1 || rest != 1 {
		t.Errorf("shares add up to %v, %d unknown, %d other", sum, unknown, rest)
	}
	if s.Countries.Value != 120 {
		t.Errorf("countries: %+v", s.Countries)
	}
}

// One-packet sources must not become heavy because a sketch lists some.
func TestFalseGiants(t *testing.T) {
	f := footprint(1000, 1, func(i int) downpour.Source {
		return downpour.Source{Address: downpour.AddressFrom4(1<<24 | uint32(i)), Packets: 1}
	})
	f.SampleComplete = false
	f.Packets, f.Distinct = 10000, downpour.Exactly(10000)
	for i := range 64 {
		f.Heavy = append(f.Heavy, downpour.Source{Address: downpour.AddressFrom4(2<<24 | uint32(i)), Packets: 150})
	}
	s, _, _ := Assess(f, vector("SYN flood"), byOctet{}, nil)
	if len(s.ByCountry) != 1 || *s.ByCountry[0].Country != "AB" {
		t.Errorf("%+v", s.ByCountry)
	}
}

func TestChaoInterval(t *testing.T) {
	f := footprint(60, 1, func(i int) downpour.Source {
		return downpour.Source{Address: downpour.AddressFrom4(uint32(1+i%40)<<24 | uint32(i)), Packets: 1}
	})
	f.SampleComplete = false
	e := classes(f, locate(f, byOctet{}), func(p downpour.Place) string { return p.Country })
	if e.Low < 40 || e.Value <= 40 || e.High <= e.Value {
		t.Errorf("%+v", e)
	}
}
