package claim

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/assess"
)

// plainAttack is an attack by 2,000 real hosts, 20 minutes, 3 Gbit/s.
func plainAttack() downpour.Attack {
	ua, us := "UA", "US"
	asn := uint32(64500)
	f := &downpour.Footprint{}
	for i := range 100 {
		f.Sample = append(f.Sample, downpour.Source{First: at(600).UnixNano() + int64(i)*12e9}) // one each 12 s: no joint start
	}
	return downpour.Attack{
		Service: "example", Direction: downpour.Inbound, Target: downpour.Target{Prefix: netip.MustParsePrefix("198.51.100.7/32")}, Onset: at(600), End: at(620), Footprint: f,
		Vectors: []downpour.Vector{{Name: "UDP flood", Share: 1}}, Peak: downpour.Rate{Bits: 3e9, Packets: 5e5}, Total: downpour.Volume{Bytes: 4e11, Packets: 5e8},
		Spoofing: downpour.Finding{Likelihood: 0.02, Word: "almost no chance"}, Reflection: downpour.Finding{Likelihood: 0.02, Word: "almost no chance"},
		Sources: downpour.Sources{EvidenceOfOrigin: true, Addresses: downpour.Exactly(2000),
			ByCountry: []downpour.CountryShare{{Country: &ua, Share: downpour.Estimate{Value: 0.6, Low: 0.58, High: 0.62}}, {Country: &us, Share: downpour.Estimate{Value: 0.3, Low: 0.28, High: 0.32}}, {Share: downpour.Estimate{Value: 0.1, Low: 0.09, High: 0.11}}},
			ByNetwork: []downpour.NetworkShare{{ASN: &asn, Share: downpour.Estimate{Value: 0.05, Low: 0.04, High: 0.06}}}},
	}
}

func TestShapes(t *testing.T) {
	nine := 0.95
	seen := assess.Seen{Traffic: true, From: day, To: day.Add(24 * time.Hour), Ingress: &nine, Days: 1}
	blind := assess.Seen{Traffic: true, From: day, To: day.Add(24 * time.Hour)}
	daily := Evidence{Seen: assess.Seen{Traffic: true, Days: 40}}
	for d := range 40 {
		a := plainAttack()
		a.Onset, a.End = a.Onset.AddDate(0, 0, -d), a.End.AddDate(0, 0, -d)
		daily.Attacks = append(daily.Attacks, a)
	}
	rare := daily
	rare.Attacks = daily.Attacks[:5]
	reflected := plainAttack()
	reflected.Reflection = downpour.Finding{Likelihood: 0.98, Word: "almost certain", Evidence: []downpour.Evidence{{Name: "answers", Says: "all answers", Weight: 4}}}
	reflected.Sources.EvidenceOfOrigin = false
	reflected.Vectors[0].Name = "DNS amplification"
	unclear := plainAttack()
	unclear.Spoofing = downpour.Finding{Likelihood: 0.5, Word: "roughly even chance"}
	unclear.Sources.EvidenceOfOrigin = false
	outbound := plainAttack()
	outbound.Direction = downpour.Outbound
	one := func(a downpour.Attack, s assess.Seen) Evidence {
		return Evidence{Attacks: []downpour.Attack{a}, Seen: s}
	}
	plain := one(plainAttack(), seen)
	for _, c := range []struct {
		asserts string
		e       Evidence
		want    downpour.Assessment
		says    string
	}{
		{"scale: 3 Gbit/s", plain, downpour.Supported, "measured 3,000,000,000"},
		{"scale: 3.2 Gbps", plain, downpour.Supported, "bits/s"},
		{"scale: 5 Gbit/s", plain, downpour.PartlySupported, "5,000,000,000"},
		{"scale: 1.2 Tbit/s", plain, downpour.Contradicted, "1,200,000,000,000"},
		{"scale: 1.2 Tbit/s", one(plainAttack(), blind), downpour.NotTestable, "not seen"},
		{"scale: {not: 1.2 Tbit/s}", plain, downpour.Supported, ""},
		{"scale: 500 kpps", plain, downpour.Supported, "packets/s"},
		{"scale: '500,000 packets per second'", plain, downpour.Supported, "packets/s"},
		{"scale: 1 M requests/s", plain, downpour.NotTestable, "not measured"},
		{"scale: 20 minutes", plain, downpour.Supported, "1,200 seconds"},
		{"scale: 5 h", plain, downpour.Contradicted, "18,000 seconds"},
		{"scale: 400 GB", plain, downpour.Supported, "bytes"},
		{"scale: enormous", plain, downpour.NotTestable, "no number"},
		{"scale: enormous", Evidence{}, downpour.NotTestable, "nothing to test"},
		{"resources: 2000 hosts", plain, downpour.Supported, "2,000 sources"},
		{"resources: 100000 bots", plain, downpour.Contradicted, "100,000 sources"},
		{"resources: large", one(reflected, seen), downpour.NotTestable, "about 55.6 Mbit/s to 107 Mbit/s"},
		{"coordination: true", plain, downpour.NotTestable, "No joint start"},
		{"coordination: true", one(reflected, seen), downpour.NotTestable, "do not tell machines apart"},
		{"attack: false", plain, downpour.Contradicted, "One attack"},
		{"attack: true", one(outbound, blind), downpour.NotTestable, "does not count"},
		{"kind: UDP flood", plain, downpour.Supported, "UDP flood"},
		{"kind: SYN flood", plain, downpour.Contradicted, "not SYN flood"},
		{"kind: {not: SYN flood}", plain, downpour.Supported, "not SYN flood"},
		{"kind: ransomware", plain, downpour.NotTestable, "ransomware"},
		{"kind: distributed denial-of-service", one(reflected, seen), downpour.Supported, "reflectors"},
		{"kind: botnet", one(unclear, seen), downpour.NotTestable, "cannot be told"},
		{"origin: {country: UA}", plain, downpour.PartlySupported, "60 % [58, 62]"},
		{"origin: {country: UA, of: machines}", plain, downpour.Supported, "60 %"},
		{"origin: {country: [UA, US], of: addresses}", plain, downpour.Supported, "90 %"},
		{"origin: {country: US, of: addresses}", plain, downpour.PartlySupported, "30 %"},
		{"origin: {country: RU, of: addresses}", plain, downpour.Contradicted, "0 %"},
		{"origin: {country: RU}", plain, downpour.NotTestable, "0 %"},
		{"origin: {country: {not: US}, of: addresses}", plain, downpour.Supported, "60 % [58, 72]"},
		{"origin: {country: {not: UA}, of: addresses}", plain, downpour.PartlySupported, "30 %"},
		{"origin: {network: 64500, of: addresses}", plain, downpour.Contradicted, "5 %"},
		{"origin: {country: UA, of: addresses}", one(reflected, seen), downpour.NotTestable, "reflectors'"},
		{"origin: {country: UA, of: addresses}", one(unclear, seen), downpour.NotTestable, "cannot be told"},
		{"frequency: daily", daily, downpour.Supported, "40 days of history"},
		{"frequency: daily", rare, downpour.Contradicted, "5 attacks were seen"},
		{"frequency: weekly", daily, downpour.NotTestable, "takes 56 days"},
		{"frequency: often", daily, downpour.NotTestable, "no interval"},
		{"time: 2026-03-09T10:05:00Z", plain, downpour.Supported, "at that time"},
		{"time: {from: 2026-03-09T09:00:00Z, to: 2026-03-09T10:00:00Z}", plain, downpour.Supported, "at that time"},
		{"time: 2026-03-09T20:00:00Z", plain, downpour.Contradicted, "15 minutes"},
		{"time: 2026-03-09T20:00:00Z", one(plainAttack(), blind), downpour.NotTestable, "No attack was seen at that time"},
		{"{actor: G, kind: UDP flood}", plain, downpour.PartlySupported, "consistent with"},
	} {
		asserts := "{" + strings.Trim(c.asserts, "{}") + "}"
		if !strings.HasPrefix(c.asserts, "{") {
			asserts = "{" + c.asserts + "}"
		}
		got := Assess(load(t, "- {id: a, speaker: b, said: c, asserts: "+asserts+"}"), c.e)[0]
		if got.Assessment != c.want || !strings.Contains(got.Why, c.says) {
			t.Errorf("%s: %s, want %s: %s", c.asserts, got.Assessment, c.want, got.Why)
		}
	}
}

func TestClaimTime(t *testing.T) {
	e := Evidence{Attacks: []downpour.Attack{plainAttack()}, Seen: assess.Seen{Traffic: true, From: day, To: day.Add(24 * time.Hour)}}
	for when, want := range map[string]downpour.Assessment{
		"2026-03-09T12:00:00Z": downpour.Supported,
		"2026-03-09T09:00:00Z": downpour.NotTestable, // before it began
		"2026-03-12T09:00:00Z": downpour.NotTestable, // days after
	} {
		if got := Assess(load(t, "- {id: a, speaker: b, said: c, time: "+when+", asserts: {attack: true}}"), e)[0]; got.Assessment != want {
			t.Errorf("%s: %s, want %s: %s", when, got.Assessment, want, got.Why)
		}
	}
}

func TestFold(t *testing.T) {
	const s, p, n, x = downpour.Supported, downpour.PartlySupported, downpour.NotTestable, downpour.Contradicted
	for _, c := range []struct {
		in   []downpour.Assessment
		want downpour.Assessment
	}{
		{[]downpour.Assessment{s, s}, s}, {[]downpour.Assessment{s, n}, p}, {[]downpour.Assessment{s, x}, p}, {[]downpour.Assessment{x, n}, x},
		{[]downpour.Assessment{n, n}, n}, {[]downpour.Assessment{x, x}, x}, {[]downpour.Assessment{p, n}, p}, {[]downpour.Assessment{p}, p},
	} {
		var list []downpour.AssertionAssessment
		for _, a := range c.in {
			list = append(list, downpour.AssertionAssessment{Assessment: a})
		}
		if got := Fold(list); got != c.want {
			t.Errorf("%v: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestParseQuantity(t *testing.T) {
	for in, want := range map[string]quantity{
		"3 Gbit/s": {3e9, "bits"}, "3Gbps": {3e9, "bits"}, "1.5 Mpps": {1.5e6, "packets"}, "20,000 requests/s": {20000, "requests"},
		"about 2 TB": {2e12, "bytes"}, "90 s": {90, "seconds"}, "2 hours": {7200, "seconds"}, "500 machines": {500, "sources"},
	} {
		got, ok := parseQuantity(in)
		if !ok || math.Abs(got.value-want.value) > 1e-6*want.value || got.of != want.of {
			t.Errorf("%s: %+v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "massive", "3", "0 Gbit/s", "3 parsecs", "-3 Gbit/s", "1e400 pps"} {
		if q, ok := parseQuantity(in); ok {
			t.Errorf("%q read as %+v", in, q)
		}
	}
}
