package origin

import (
	"math"
	"strings"
	"testing"

	"downpour"
	"downpour/internal/assess"
)

func vector(name string) []downpour.Vector { return []downpour.Vector{{Name: name, Share: 1}} }

func TestPopulations(t *testing.T) {
	table, p := places(t), newPopulation(1)
	handshakes := p.botnet(800)
	handshakes.Handshakes = 700
	forgedAnswers := p.forged(5000, constant(57))
	forgedAnswers.Reflected = forgedAnswers.Packets
	oneNetwork := footprint(200, 5, func(i int) downpour.Source {
		return downpour.Source{Address: downpour.AddressFrom4(0xc1000000 + uint32(i)*7), Packets: 500, TTLMin: 54, TTLMax: 54}
	})
	single := footprint(1, 5, func(int) downpour.Source {
		return downpour.Source{Address: downpour.AddressFrom4(0x5db8d822), Packets: 90000, TTLMin: 61, TTLMax: 61}
	})
	for _, c := range []struct {
		name                 string
		f                    *downpour.Footprint
		vector               string
		spoofLow, spoofHigh  float64
		reflectLow, reflectH float64
		evidenceOfOrigin     bool
		says                 string
	}{
		{"forged, one TTL", p.forged(20000, constant(244)), "SYN flood", 0.95, 1, 0, 0.05, false, "forged"},
		{"forged, drawn TTLs", p.forged(20000, func() uint8 { return uint8(p.random.Uint32N(256)) }), "ACK flood", 0.95, 1, 0, 0.05, false, "forged"},
		{"forged, 100 sources", p.forged(100, constant(244)), "UDP flood", 0.8, 1, 0, 0.05, false, "forged"},
		{"botnet", p.botnet(3000), "UDP flood", 0, 0.1, 0, 0.05, true, "who directs them is not visible"},
		{"small botnet", p.botnet(40), "UDP flood", 0, 0.3, 0, 0.05, true, "who directs them is not visible"},
		{"handshakes", handshakes, "HTTP flood", 0, 0.02, 0, 0.05, true, "who directs them is not visible"},
		{"one network's machines", oneNetwork, "UDP flood", 0, 0.45, 0, 0.05, true, "who directs them is not visible"},
		{"reflectors", p.reflectors(4000), "SNMP amplification", 0, 0.05, 0.95, 1, false, "reflectors"},
		{"ten reflectors", p.reflectors(10), "DNS amplification", 0, 0.2, 0.8, 1, false, "reflectors"},
		{"two reflectors", p.reflectors(2), "memcached amplification", 0, 0.2, 0.8, 1, false, "reflectors"},
		{"forged answers", forgedAnswers, "SYN-ACK reflection", 0.8, 1, 0, 0.5, false, "forged"},
		{"one source", single, "SYN flood", 0.4, 0.6, 0, 0.05, false, "cannot be told"},
		{"nothing", nil, "", 0.5, 0.5, 0.29, 0.31, false, "cannot be told"},
	} {
		var v []downpour.Vector
		if c.vector != "" {
			v = vector(c.vector)
		}
		s, spoofing, reflection := Assess(c.f, v, table, nil)
		if p := float64(spoofing.Likelihood); p < c.spoofLow || p > c.spoofHigh {
			t.Errorf("%s: spoofing %v\n%+v", c.name, p, spoofing.Evidence)
		}
		if p := float64(reflection.Likelihood); p < c.reflectLow || p > c.reflectH {
			t.Errorf("%s: reflection %v\n%+v", c.name, p, reflection.Evidence)
		}
		if s.EvidenceOfOrigin != c.evidenceOfOrigin || !strings.Contains(strings.ToLower(s.Statement), c.says) {
			t.Errorf("%s: %v %q", c.name, s.EvidenceOfOrigin, s.Statement)
		}
		for _, f := range []downpour.Finding{spoofing, reflection} {
			var sum float64
			for _, e := range f.Evidence {
				sum += e.Weight
			}
			if want := downpour.NewLikelihood(assess.Logistic(sum)); math.Abs(float64(want-f.Likelihood)) > 0.001 {
				t.Errorf("%s: the ledger gives %v, not %v", c.name, want, f.Likelihood)
			}
		}
	}
}

// Each mechanism by which floods are made, in sizes from eight sources up.
func TestSpoofingIsCalibrated(t *testing.T) {
	table, p := places(t), newPopulation(7)
	makers := []struct {
		forged bool
		make   func(n int) *downpour.Footprint
	}{
		{true, func(n int) *downpour.Footprint { return p.forged(n, constant(uint8(40+p.random.IntN(200)))) }},
		{true, func(n int) *downpour.Footprint {
			return p.forged(n, func() uint8 { return uint8(p.random.Uint32N(256)) })
		}},
		// Many machines that each forge addresses of real networks.
		{true, func(n int) *downpour.Footprint {
			f := p.botnet(n)
			for i := range f.Sample {
				f.Packets -= f.Sample[i].Packets - 1
				f.Sample[i].Packets = 1
			}
			return f
		}},
		{false, p.botnet},
		{false, p.botnet},
		// Real machines, each seen once in a short capture.
		{false, func(n int) *downpour.Footprint {
			f := p.reflectors(n)
			f.Reflected, f.Marked = 0, 0
			return f
		}},
	}
	var brier float64
	var total, hits, sum [4]float64
	const rounds = 100
	for i := range rounds * len(makers) {
		m := makers[i%len(makers)]
		_, spoofing, _ := Assess(m.make(8+int(math.Pow(10, 3.3*p.random.Float64()))), vector("UDP flood"), table, nil)
		likelihood, truth := float64(spoofing.Likelihood), 0.0
		if m.forged {
			truth = 1
		}
		brier += (likelihood - truth) * (likelihood - truth)
		bin := min(int(likelihood*4), 3)
		total[bin]++
		hits[bin] += truth
		sum[bin] += likelihood
	}
	brier /= rounds * float64(len(makers))
	t.Logf("Brier score %.3f (0.25 is ignorance)", brier)
	last := -0.15
	for b := range total {
		if total[b] < 10 {
			continue
		}
		share := hits[b] / total[b]
		t.Logf("said %.2f: true in %.2f of %v", sum[b]/total[b], share, total[b])
		if share < last-0.1 {
			t.Errorf("what is said to be likelier is true less often: %.2f after %.2f", share, last)
		}
		last = share
	}
	if brier > 0.15 {
		t.Errorf("Brier score %.3f", brier)
	}
}

func TestMostlyInOneCountry(t *testing.T) {
	table, p := places(t), newPopulation(3)
	f := footprint(2000, 5, func(i int) downpour.Source {
		a := p.realAddress()
		if i%10 < 6 {
			for table.Place(downpour.AddressFrom4(a)).Country != "UA" {
				a = 0x5d4a0000 + p.random.Uint32N(1<<22) // around 93.74.0.0, much of it in Ukraine
			}
		}
		t := p.realTTL()
		return downpour.Source{Address: downpour.AddressFrom4(a), Packets: 5, TTLMin: t, TTLMax: t}
	})
	f.Handshakes = 1900
	s, _, _ := Assess(f, vector("HTTP flood"), table, nil)
	if s.ByCountry[0].Country == nil || *s.ByCountry[0].Country != "UA" || !s.ByCountry[0].Share.Contains(0.6) {
		t.Fatalf("%+v", s.ByCountry[0])
	}
	if !strings.Contains(s.Statement, "mostly in UA (6") || !s.EvidenceOfOrigin {
		t.Error(s.Statement)
	}
}

func BenchmarkAssess(b *testing.B) {
	table, p := places(b), newPopulation(1)
	f := p.forged(8192, constant(244))
	for b.Loop() {
		Assess(f, vector("SYN flood"), table, nil)
	}
}

// What sampled or thin telemetry can still tell.
func TestThinTelemetry(t *testing.T) {
	table, p := places(t), newPopulation(11)
	strip := func(f *downpour.Footprint) *downpour.Footprint {
		for i := range f.Sample {
			f.Sample[i].TTLMin, f.Sample[i].TTLMax = 0, 0
		}
		f.TTLs = [256]uint64{0: f.Packets}
		return f
	}
	sampled := p.botnet(2000)
	for i := range sampled.Sample { // one packet in a thousand: most sources once
		sampled.Packets -= sampled.Sample[i].Packets - 1
		sampled.Sample[i].Packets = 1
	}
	sampled.Sampling, sampled.SampleComplete = 1000, false
	for _, c := range []struct {
		name      string
		f         *downpour.Footprint
		low, high float64
	}{
		{"forged, no TTLs exported", strip(p.forged(20000, constant(1))), 0.9, 1},
		{"botnet, no TTLs exported", strip(p.botnet(3000)), 0, 0.2},
		{"botnet, one packet in 1,000", sampled, 0, 0.2},
	} {
		s, spoofing, _ := Assess(c.f, vector("UDP flood"), table, nil)
		if l := float64(spoofing.Likelihood); l < c.low || l > c.high {
			t.Errorf("%s: %v\n%+v", c.name, l, spoofing.Evidence)
		}
		if c.f.Sampling > 1 && (s.Countries == nil || spoofing.Confidence == downpour.HighConfidence) {
			t.Errorf("%s: countries %v, confidence %s", c.name, s.Countries, spoofing.Confidence)
		}
	}
}
