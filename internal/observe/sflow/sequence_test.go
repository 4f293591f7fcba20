package sflow

import (
	"testing"
	"time"

	"downpour/internal/observe/flow"
)

// arrival is a datagram's number, its uptime and when it arrived, in seconds.
type arrival struct {
	sequence     uint32
	uptime, when int64
}

func TestSequences(t *testing.T) {
	type counts struct{ records, lost, twice, late, restarts uint64 }
	far := uint32(1 << 20)
	for name, c := range map[string]struct {
		came []arrival
		want counts
	}{
		"in order":                       {[]arrival{{7, 1, 1}, {8, 2, 2}, {9, 3, 3}}, counts{records: 3}},
		"around zero":                    {[]arrival{{1<<32 - 1, 1, 1}, {0, 2, 2}, {1, 3, 3}}, counts{records: 3}},
		"two missing":                    {[]arrival{{7, 1, 1}, {10, 2, 2}}, counts{records: 2, lost: 2}},
		"missing, then late":             {[]arrival{{7, 1, 1}, {10, 2, 2}, {8, 1, 2}, {9, 1, 2}}, counts{records: 4, late: 2}},
		"twice":                          {[]arrival{{7, 1, 1}, {7, 1, 1}, {8, 2, 2}, {7, 1, 2}, {8, 2, 2}}, counts{records: 2, twice: 3}},
		"late and twice":                 {[]arrival{{7, 1, 1}, {9, 2, 2}, {8, 1, 2}, {8, 1, 2}}, counts{records: 3, late: 1, twice: 1}},
		"before the first":               {[]arrival{{7, 1, 1}, {6, 1, 1}, {8, 2, 2}}, counts{records: 3, late: 1}},
		"restarted":                      {[]arrival{{7, 100, 1}, {8, 101, 2}, {1, 0, 5}, {2, 1, 6}}, counts{records: 4, restarts: 1}},
		"restarted ahead":                {[]arrival{{7, 100, 1}, {5000, 0, 5}, {5001, 1, 6}}, counts{records: 3, restarts: 1}},
		"restarted with the same number": {[]arrival{{7, 100, 1}, {7, 0, 5}, {8, 1, 6}}, counts{records: 3, restarts: 1}},
		"uptime wraps around":            {[]arrival{{7, 4294967, 1}, {9, 0, 2}}, counts{records: 2, lost: 1}},
		"uptime of the host":             {[]arrival{{far, 100, 1}, {1, 101, 2}, {2, 102, 3}, {3, 103, 4}}, counts{records: 4, late: 1, restarts: 1}},
		"one from long ago":              {[]arrival{{far, 100, 1}, {1, 99, 1}, {far + 1, 101, 2}}, counts{records: 3, late: 1}},
		"two agents as one":              {[]arrival{{far, 9000, 1}, {5, 20, 1}, {far + 1, 9001, 2}, {6, 21, 2}}, counts{records: 4, restarts: 3}},
		"no uptime":                      {[]arrival{{7, 0, 1}, {9, 0, 100}, {10, 0, 200}}, counts{records: 3, lost: 1}},
		"no time of arrival":             {[]arrival{{7, 1, 0}, {9, 100, 0}}, counts{records: 2, lost: 1}},
		"an hour lost":                   {[]arrival{{7, 1, 1}, {8 + far, 3601, 3601}}, counts{records: 2, lost: uint64(far)}},
	} {
		d := New(Config{})
		var records []flow.Record
		for _, a := range c.came {
			m := numbered(1, a.sequence, uint32(a.uptime*1000), sampled(rawRecord(1, 64, 4, ethernet())))
			records, _ = d.Decode(records, m, a.when*int64(time.Second))
		}
		s := d.Stats()
		if got := (counts{uint64(len(records)), s.Lost, s.Duplicates, s.Reordered, s.Restarts}); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// Each sub-agent numbers its datagrams for itself.
func TestSubAgentsAreApart(t *testing.T) {
	d := New(Config{})
	for i := range uint32(10) {
		for agent := range uint32(3) {
			d.Decode(nil, numbered(agent, 1000*agent+i, 1000), at)
		}
	}
	if s := d.Stats(); s.Lost+s.Duplicates+s.Reordered+s.Restarts != 0 {
		t.Errorf("%+v", s)
	}
}

// Who makes sub-agents and data sources up gets no memory for them.
func TestInventedAgentsAndSourcesAreBounded(t *testing.T) {
	d := New(Config{})
	const many = 3 * maxSources
	for i := range uint32(many) {
		m := numbered(i, 1, 1000, tagged(sampleFlow, cat(words(1, i, 1000, 1, 0, 7, 8, 1), rawRecord(1, 64, 4, ethernet()))),
			counterSample(i, counterRecord(i, 1, 1, 1, 1)))
		d.Decode(nil, m, at)
	}
	if len(d.agents.known) > maxAgents || len(d.sources.known) > maxSources || len(d.interfaces.known) > maxInterfaces {
		t.Errorf("keeps %d sub-agents, %d sources, %d interfaces", len(d.agents.known), len(d.sources.known), len(d.interfaces.known))
	}
	kept := uint64(len(d.agents.known) + len(d.sources.known) + len(d.interfaces.known))
	if s := d.Stats(); s.Records != many || s.Unfollowed != 3*many-kept {
		t.Errorf("%d kept, of thrice %d: %+v", kept, many, s)
	}
}
