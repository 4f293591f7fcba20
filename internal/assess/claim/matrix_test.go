package claim

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/assess/origin"
	"downpour/internal/enrich"
)

// statements are of the kinds that people make while a service is down.
const statements = `
- id: owner-attack
  speaker: the owner
  said: a massive attack
  asserts: {attack: true, scale: massive}
- id: owner-origin
  speaker: the owner
  said: the addresses are from there
  asserts: {origin: {country: UA, of: source addresses}}
- id: owner-resources
  speaker: the owner
  said: a lot of resources, a large group
  asserts: {resources: large, coordination: true}
- id: owner-daily
  speaker: the owner
  said: every day
  asserts: {frequency: daily}
- id: host-foreign
  speaker: a host
  said: foreign-sourced
  asserts: {origin: {country: {not: US}}}
- id: group-responsible
  speaker: a group
  said: it was us
  asserts: {actor: Group}
- id: press-ddos
  speaker: users
  said: a series of DDoS attacks
  asserts: {attack: true, kind: ddos}
`

func load(t *testing.T, in string) []downpour.Claim {
	t.Helper()
	claims, err := Load(strings.NewReader(in), "claims.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

var day = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

func waves() []downpour.Outage {
	var list []downpour.Outage
	for _, m := range []int{600, 842, 1022, 1082} {
		list = append(list, downpour.Outage{ID: "o", Service: "example", Onset: at(m), PeakAt: at(m), End: at(m + 20), PeakReports: 20000})
	}
	return list
}

// flood makes an attack in step with each wave, with its sources assessed.
func flood(t *testing.T, vector string, f func(start int64) *downpour.Footprint) []downpour.Attack {
	t.Helper()
	table, err := enrich.Open(enrich.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var list []downpour.Attack
	for _, o := range waves() {
		a := downpour.Attack{Service: "example", Direction: downpour.Inbound, Target: downpour.Target{Prefix: netip.MustParsePrefix("198.51.100.7/32")}, Onset: o.Onset.Add(-time.Minute), End: o.End,
			Vectors: []downpour.Vector{{Name: vector, Share: 1}}, Peak: downpour.Rate{Packets: 23700, Bits: 11.4e6}, Total: downpour.Volume{Packets: 1e6, Bytes: 6e7}, Synthetic: true}
		a.Footprint = f(a.Onset.UnixNano())
		a.Sources, a.Spoofing, a.Reflection = origin.Assess(a.Footprint, a.Vectors, table, nil)
		list = append(list, a)
	}
	return list
}

// forgedFlood: thousands of one-packet sources, two TTLs.
func forgedFlood(t *testing.T) []downpour.Attack {
	random := rand.New(rand.NewPCG(1, 1))
	return flood(t, "SYN flood", func(start int64) *downpour.Footprint {
		f := &downpour.Footprint{Sampling: 1, SampleComplete: true, Distinct: downpour.Exactly(4000), Packets: 4000}
		for i := range 4000 {
			ttl := uint8(242 + i%2*2)
			f.TTLs[ttl]++
			f.Sample = append(f.Sample, downpour.Source{Address: downpour.AddressFrom4(random.Uint32()), Packets: 1, TTLMin: ttl, TTLMax: ttl, First: start + int64(i)*1e8, Last: start + int64(i)*1e8})
		}
		return f
	})
}

// hostsFlood: machines that complete handshakes, three in five of them in UA,
// that begin within some seconds.
func hostsFlood(t *testing.T) []downpour.Attack {
	table, err := enrich.Open(enrich.Config{})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(2, 2))
	return flood(t, "HTTP flood", func(start int64) *downpour.Footprint {
		f := &downpour.Footprint{Sampling: 1, SampleComplete: true, Distinct: downpour.Exactly(2000), Packets: 20000, Handshakes: 1950}
		for i := range 2000 {
			a := downpour.AddressFrom4(0x5d4a0000 + random.Uint32N(1<<22))
			for i%5 < 3 != (table.Place(a).Country == "UA") {
				if i%5 < 3 {
					a = downpour.AddressFrom4(0x5d4a0000 + random.Uint32N(1<<22))
				} else {
					a = downpour.AddressFrom4(0x50000000 + random.Uint32N(1<<28))
				}
			}
			ttl := uint8(40 + random.IntN(20) + 64*random.IntN(2))
			f.TTLs[ttl] += 10
			f.Sample = append(f.Sample, downpour.Source{Address: a, Packets: 10, TTLMin: ttl, TTLMax: ttl, Established: true, First: start + int64(random.IntN(20e9)), Last: start + 6e11})
		}
		return f
	})
}

func TestMatrix(t *testing.T) {
	const (
		yes   = downpour.Supported
		part  = downpour.PartlySupported
		no    = downpour.Contradicted
		never = downpour.NotTestable
	)
	one := 1.0
	watched := assess.Seen{Traffic: true, From: day, To: day.Add(24 * time.Hour), Days: 1}
	whole := watched
	whole.Ingress = &one
	usual := watched
	usual.Audience = map[string]float64{"UA": 0.005}
	columns := map[string]Evidence{
		"A": {Outages: waves()},
		"B": {Outages: waves(), Attacks: forgedFlood(t), Seen: watched},
		"C": {Outages: waves(), Attacks: hostsFlood(t), Seen: usual},
		"D": {Outages: waves(), Seen: whole},
		// Telemetry of which nobody said how much it sees contradicts nothing.
		"d": {Outages: waves(), Seen: watched},
		// A forged flood of which alone is known, with no reports.
		"b": {Attacks: forgedFlood(t)[:1], Seen: watched},
	}
	for _, c := range []struct {
		id   string
		want map[string]downpour.Assessment
		says map[string]string
	}{
		{"owner-attack", map[string]downpour.Assessment{"A": never, "B": part, "C": part, "D": no, "d": never, "b": part},
			map[string]string{"A": "not why", "B": "23,700 packets/s", "D": "100 % of the service's ingress", "d": "was not stated"}},
		{"owner-origin", map[string]downpour.Assessment{"A": never, "B": never, "C": yes, "D": never, "d": never, "b": never},
			map[string]string{"A": "no source addresses", "B": "spoofed (forged)", "C": "where 0.5 % of its usual", "D": "no source addresses", "b": "spoofed (forged)"}},
		{"owner-resources", map[string]downpour.Assessment{"A": never, "B": no, "C": part, "D": never, "d": never, "b": no},
			map[string]string{"B": "one or two machines", "C": "began within"}},
		{"owner-daily", map[string]downpour.Assessment{"A": never, "B": never, "C": never, "D": never, "d": never, "b": never},
			map[string]string{"A": "0 days", "B": "24 h of history", "D": "30 days"}},
		{"host-foreign", map[string]downpour.Assessment{"A": never, "B": never, "C": part, "D": never, "d": never, "b": never},
			map[string]string{"B": "spoofed (forged)", "C": "outside US"}},
		{"group-responsible", map[string]downpour.Assessment{"A": never, "B": never, "C": never, "D": never, "d": never, "b": never},
			map[string]string{"A": "no signature", "D": "was not seen"}},
		{"press-ddos", map[string]downpour.Assessment{"A": never, "B": part, "C": yes, "D": no, "d": never, "b": part},
			map[string]string{"A": "alike", "B": "cannot be told", "C": "2,000 machines"}},
	} {
		for column, e := range columns {
			for _, got := range Assess(load(t, statements), e) {
				if got.ID != c.id {
					continue
				}
				if got.Assessment != c.want[column] {
					t.Errorf("%s %s: %s, want %s\n%s", column, c.id, got.Assessment, c.want[column], got.Why)
				}
				if !strings.Contains(got.Why, c.says[column]) {
					t.Errorf("%s %s: %q does not say %q", column, c.id, got.Why, c.says[column])
				}
				if got.SourceGrade != DefaultGrade {
					t.Errorf("grade %q", got.SourceGrade)
				}
				for _, a := range got.Assertions {
					if len(a.Why) <= 20 || a.WouldSettle == "" || a.Evidence == nil || a.Asserted == "" {
						t.Errorf("%s %s: %+v", column, c.id, a)
					}
				}
			}
		}
	}
}

// Attacks at another time or on another service do not count.
func TestElsewhere(t *testing.T) {
	other := forgedFlood(t)
	for i := range other {
		other[i].Service = "another"
	}
	old := forgedFlood(t)
	for i := range old {
		old[i].Onset, old[i].End = old[i].Onset.AddDate(-4, 0, 0), old[i].End.AddDate(-4, 0, 0)
	}
	for name, e := range map[string]Evidence{
		"another service": {Outages: waves(), Attacks: other, Seen: assess.Seen{Traffic: true}},
		"years before":    {Outages: waves(), Attacks: old, Seen: assess.Seen{Traffic: true}},
	} {
		got := Assess(load(t, statements), e)[0]
		if got.Assessment != downpour.NotTestable || !strings.Contains(got.Why, "does not count here") {
			t.Errorf("%s: %s. %s", name, got.Assessment, got.Why)
		}
	}
}
