package web

import (
	"strconv"
	"testing"
	"time"

	"downpour"
)

// BenchmarkRequests is the cost of a request in the detector, ticks among it: usual
// requests of a busy site, with a flood, and of random hosts.
func BenchmarkRequests(b *testing.B) {
	usual := newTraffic(1)
	usual.people(0, 5*time.Minute, 8)
	flooded := newTraffic(1)
	flooded.people(0, 5*time.Minute, 4)
	flooded.poisson(time.Minute, 5*time.Minute, 600, steady(600), func(at time.Duration) {
		flooded.add(at, flooded.address(), "/search", flooded.agent(), downpour.No, 200)
	})
	hosts := newTraffic(1)
	hosts.people(0, 5*time.Minute, 8)
	for i := range hosts.list {
		hosts.list[i].Host = strconv.Itoa(hosts.rng.Int()) + ".example"
	}
	for _, c := range []struct {
		name string
		of   *traffic
	}{{"usual", usual}, {"flood", flooded}, {"random hosts", hosts}} {
		c.of.attacks(New(Default())) // sorts them
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := New(Default())
				now := start.UnixNano()
				for i := range c.of.list {
					r := &c.of.list[i]
					if at := r.Time - r.Time%second; at > now {
						now = at
						d.Tick(now)
					}
					d.Request(r)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.of.list)), "ns/request")
		})
	}
}

// TestTablesAreBounded: what outsiders choose (hosts, addresses, paths, agents)
// grows nothing beyond its bound, and what is shed is counted.
func TestTablesAreBounded(t *testing.T) {
	cfg := Default()
	cfg.Sites, cfg.Watches, cfg.Clients = 64, 4, 512
	d := New(cfg)
	tr := newTraffic(5)
	tr.poisson(0, time.Minute, 2000, steady(2000), func(at time.Duration) {
		tr.add(at, tr.address(), "/"+strconv.Itoa(tr.rng.Int()), strconv.Itoa(tr.rng.Int()), downpour.No, 404)
		r := &tr.list[len(tr.list)-1]
		if tr.rng.IntN(2) == 0 {
			r.Host = strconv.Itoa(tr.rng.IntN(100_000)) + ".example"
		}
	})
	tr.attacks(d)
	s := d.Stats()
	if s.Sites > cfg.Sites || s.Watches > cfg.Watches || s.ShedHosts == 0 {
		t.Errorf("%+v", s)
	}
	for _, w := range d.watches {
		if len(w.sample.entries) > cfg.Clients || len(w.sample.index) > 4*cfg.Clients {
			t.Errorf("%d clients, %d in the index", len(w.sample.entries), len(w.sample.index))
		}
	}
}

// FuzzRequests: whatever a log tells, nothing panics, and attacks are told of with
// times in order and shares in range.
func FuzzRequests(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), uint32(20_000_000))
	f.Fuzz(func(t *testing.T, data []byte, took uint32) {
		tr := newTraffic(9)
		at := time.Duration(0)
		for i := 0; i+2 < len(data); i += 2 {
			at += time.Duration(int8(data[i])) * 100 * time.Millisecond
			for range int(data[i+1]) % 64 {
				tr.add(at, downpour.AddressFrom4(uint32(data[i+1])<<8|uint32(data[i])), string(data[i:i+1]), string(data[i+1:i+2]), downpour.Tristate(data[i]%3), uint16(data[i+1])*4)
				tr.list[len(tr.list)-1].Duration = took * uint32(data[i]%2)
			}
		}
		for _, a := range tr.attacks(New(Default())) {
			if a.End.Before(a.Onset) || a.AlarmAt.Before(a.Onset) && !a.Onset.Equal(a.AlarmAt) || a.PeakAt.After(a.End.Add(time.Second)) {
				t.Errorf("onset %s, alarm %s, peak %s, end %s", a.Onset, a.AlarmAt, a.PeakAt, a.End)
			}
		}
	})
}
