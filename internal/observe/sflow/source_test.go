package sflow

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// samplesOf decodes samples of one data source: told is the rate they tell; between
// says how many packets passed before each. The agent drops one of ten.
func samplesOf(n int, told uint32, between func() uint32) *Decoder {
	d := New(Config{})
	pool := uint32(1<<32 - 5000) // soon around zero
	for i := range uint32(n) {
		pool += between()
		m := numbered(1, i, i, tagged(sampleFlow, cat(words(i, 7, told, pool, i/10, 7, 8, 1), rawRecord(1, 64, 4, ethernet()))))
		d.Decode(nil, m, at)
	}
	return d
}

func TestEffectiveSampling(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	geometric := func(mean float64) func() uint32 { return func() uint32 { return uint32(1 + random.ExpFloat64()*mean) } }
	for name, c := range map[string]struct {
		between func() uint32
		samples int
		from    float64 // what Effective has to be
		to      float64
		apart   bool
	}{
		"as told":          {geometric(1000), 5000, 900, 1100, false},
		"twice as rare":    {geometric(2000), 5000, 1800, 2200, true},
		"twice as often":   {geometric(500), 5000, 450, 550, true},
		"too few to speak": {geometric(5000), 50, 0, 0, false},
		"no pool":          {func() uint32 { return 0 }, 5000, 0, 0, false},
		"long ago":         {func() uint32 { return 1000 }, 50000, 1000, 1000, false},
	} {
		d := samplesOf(c.samples, 1000, c.between)
		list := d.listSources()
		if n := d.Stats().Apart; (n == 1) != c.apart || n > 1 {
			t.Errorf("%s: %d apart", name, n)
		}
		if len(list) != 1 || list[0].Sampling != 1000 || list[0].Index != 7 || list[0].SubAgent != 1 {
			t.Errorf("%s: %+v", name, list)
			continue
		}
		if s := list[0]; s.Effective < c.from || s.Effective > c.to || s.Apart != c.apart {
			t.Errorf("%s: %+v, want %v to %v, apart %v", name, s, c.from, c.to, c.apart)
		}
	}
}

func TestToldDropsAreCounted(t *testing.T) {
	d := samplesOf(1000, 1000, func() uint32 { return 1000 })
	if got := d.Stats().Drops; got != 99 || d.listSources()[0].Drops != got {
		t.Errorf("%d drops, want 99; %+v", got, d.listSources())
	}
}

// A source that starts anew, samples out of order, and another rate do not make
// the effective rate or the drops wrong.
func TestSourcesThatChange(t *testing.T) {
	d := New(Config{})
	give := func(number, sequence, rate, pool, drops uint32) {
		d.Decode(nil, numbered(1, number, number, tagged(sampleFlow, words(sequence, 7, rate, pool, drops, 7, 8, 0))), at)
	}
	for i := range uint32(200) {
		give(i, 1000+i^1, 100, 100*(1000+i^1), 50) // pairs the wrong way round
	}
	for i := range uint32(200) {
		give(200+i, i, 100, 100*i, 0) // anew
	}
	if s := d.listSources()[0]; s.Effective < 99 || s.Effective > 101 || s.Apart || s.Drops != 0 {
		t.Errorf("after a restart %+v", s)
	}
	for i := range uint32(200) {
		give(400+i, 200+i, 400, 20000+400*i, 0)
	}
	if s := d.listSources()[0]; s.Effective != 400 || s.Apart || s.Sampling != 400 || s.Drops != 0 {
		t.Errorf("at another rate %+v", s)
	}
}

// listSources lists the data sources, by sub-agent, class and index.
func (d *Decoder) listSources() []sourceState {
	list := make([]sourceState, 0, len(d.sources.known))
	for i := range d.sources.known {
		list = append(list, d.sources.known[i].tell())
	}
	slices.SortFunc(list, func(a, b sourceState) int {
		return cmp.Or(cmp.Compare(a.SubAgent, b.SubAgent), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Index, b.Index))
	})
	return list
}
