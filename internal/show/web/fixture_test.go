package web

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"downpour"

	"downpour/internal/testenv"
)

// newYork is the zone of the founding case.
func newYork(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		testenv.Lack(t, "needs a time zone database: "+err.Error())
	}
	return zone
}

// march10 is a time of day of the founding case, in EDT.
func march10(hour, minute int) time.Time {
	return time.Date(2025, 3, 10, hour+4, minute, 0, 0, time.UTC)
}

// foundingKnots are the article's eight figures and the assumed ones around.
func foundingKnots() []downpour.ExpectedReports {
	knot := func(h, m int, count float64, o downpour.CountOrigin) downpour.ExpectedReports {
		return downpour.ExpectedReports{Time: march10(h, m), Bucket: time.Minute, Count: count, Origin: o}
	}
	const published, between = downpour.Published, downpour.Interpolated
	return []downpour.ExpectedReports{
		knot(-2, 10, 650, downpour.Synthetic), knot(5, 30, 650, between), knot(6, 0, 20608, published), knot(6, 17, 720, published),
		knot(9, 30, 720, between), knot(10, 2, 41143, published), knot(10, 32, 1361, published), knot(11, 2, 4670, published),
		knot(12, 30, 1500, between), knot(13, 2, 36064, published), knot(13, 32, 3455, published), knot(14, 2, 19446, published), knot(14, 10, 16000, between),
	}
}

// foundingBuckets fills the knots to a count a minute.
func foundingBuckets() []downpour.ExpectedReports {
	var out []downpour.ExpectedReports
	knots := foundingKnots()
	for i := 1; i < len(knots); i++ {
		a, b := knots[i-1], knots[i]
		n := int(b.Time.Sub(a.Time) / time.Minute)
		for k := range n {
			p := a
			p.Time = a.Time.Add(time.Duration(k) * time.Minute)
			p.Count = a.Count + (b.Count-a.Count)*float64(k)/float64(n)
			if k > 0 && a.Origin == downpour.Published {
				p.Origin = downpour.Interpolated
			}
			out = append(out, p)
		}
	}
	out = append(out, knots[len(knots)-1])
	for i := range out {
		out[i].Expected = downpour.Estimate{Value: 650, Low: 560, High: 745}
	}
	return out
}

func foundingOutages() []downpour.Outage {
	wave := func(id string, low, onset, peak, end time.Time, count float64) downpour.Outage {
		return downpour.Outage{ID: id, Service: "x", Direction: downpour.Rise, Signals: []string{"reports"}, OnsetLow: &low, Onset: onset, AlarmAt: onset.Add(time.Minute),
			PeakAt: peak, End: end, PeakReports: count, ExpectedReports: downpour.Estimate{Value: 650, Low: 560, High: 745}, Severity: downpour.Major,
			Why: "41,143 reports where 745 at most were expected; threshold 812", Origins: []downpour.CountOrigin{downpour.Published}}
	}
	outages := []downpour.Outage{
		wave("o1", march10(5, 30), march10(5, 42), march10(6, 0), march10(6, 16), 20608),
		wave("o2", march10(9, 30), march10(9, 41), march10(10, 2), march10(10, 31), 41143),
		wave("o3", march10(12, 32), march10(12, 44), march10(13, 2), march10(13, 30), 36064),
		wave("o4", march10(13, 34), march10(13, 48), march10(14, 2), march10(14, 10), 19446),
	}
	outages[1].Bumps = []downpour.Bump{{At: march10(11, 2), Reports: 4670, Says: "either a small bump or the third wave's beginning"}}
	return outages
}

func foundingFrame(t testing.TB) Frame {
	return Frame{RunBy: "example.net", BaseURL: "https://status.example.net", Now: march10(14, 10).Add(20 * time.Second), Zone: newYork(t), Notice: "A replay of 10 March 2025, sixty times as fast. The traffic in it is synthetic."}
}

func foundingIncident() downpour.Incident {
	return downpour.Incident{ID: "9f2c41aa07", Service: "x", Start: march10(5, 42), End: march10(14, 50), Severity: downpour.Major, Synthetic: true,
		Cause: []downpour.Cause{
			{Name: "attack", Finding: downpour.Finding{Likelihood: 0.87, Word: "very likely", Confidence: downpour.ModerateConfidence, Evidence: []downpour.Evidence{
				{Name: "order", Says: "Each of the four floods began 1 to 4 minutes before its wave of reports.", Weight: 2.6},
				{Name: "dose", Says: "The larger the flood, the more reports (rank correlation 0.93 over four waves).", Weight: 1.3},
				{Name: "changes", Says: "Nobody told us of deploys that day, so a change cannot be ruled out.", Weight: 0},
				{Name: "upstream", Says: "The upstream network was not measured.", Weight: -0.4}}}},
			{Name: "change", Finding: downpour.Finding{Likelihood: 0.06}}, {Name: "upstream", Finding: downpour.Finding{Likelihood: 0.04}}, {Name: "other", Finding: downpour.Finding{Likelihood: 0.03}},
		},
		Verdict: "Four floods and four waves of reports share their order and their size.", WouldSettle: "Traffic counters of the upstream networks for the same hours."}
}

// foundingAttacks are four synthetic floods, a little before each wave.
func foundingAttacks() []downpour.Attack {
	var out []downpour.Attack
	text := func(s string) *string { return &s }
	for i, o := range foundingOutages() {
		a := downpour.Attack{ID: o.ID + "-a", Service: "x", Direction: downpour.Inbound, Target: downpour.Target{Prefix: netip.MustParsePrefix("198.51.100.7/32")}, Onset: o.Onset.Add(-3 * time.Minute), AlarmAt: o.Onset.Add(-170 * time.Second),
			PeakAt: o.PeakAt.Add(-2 * time.Minute), End: o.End, Severity: downpour.Major, Peak: downpour.Rate{Bits: 2.1e9 * o.PeakReports / 41143, Packets: 4.3e6},
			Total: downpour.Volume{Bytes: 612e9, Packets: 9.1e9}, Synthetic: true, Why: "4,300,000 packets/s toward 198.51.100.7 against a floor of 120,000",
			Vectors: []downpour.Vector{{Name: "SYN flood", Share: 0.71, Protocol: "tcp"}, {Name: "DNS amplification", Share: 0.29, Protocol: "udp"}},
			Rules:   []downpour.Rule{{Text: "drop tcp to 198.51.100.7 port 443 flags syn ttl 52", Enforcer: "flowspec", Stops: &downpour.Estimate{Value: 0.93, Low: 0.9, High: 0.95}}}}
		a.Sources = downpour.Sources{Addresses: downpour.Estimate{Value: 37623, Low: 37000, High: 38200}, Statement: "The addresses are forged: they tell nothing about where the traffic came from.",
			ByCountry: []downpour.CountryShare{{Country: text("US"), Share: downpour.Estimate{Value: 0.36, Low: 0.34, High: 0.38}}, {Country: text("CN"), Share: downpour.Estimate{Value: 0.09, Low: 0.08, High: 0.1}}, {Country: nil, Share: downpour.Estimate{Value: 0.07, Low: 0.06, High: 0.08}}, {Country: text("UA"), Share: downpour.Estimate{Value: 0.004, Low: 0.002, High: 0.006}}},
			Databases: []downpour.Database{{Name: "geo-whois-asn-country", Built: "2026-11-01"}}}
		a.Spoofing = downpour.Finding{Likelihood: 0.98, Confidence: downpour.HighConfidence, Evidence: []downpour.Evidence{{Says: "Two values of TTL for 37,623 addresses.", Weight: 3.2}, {Says: "The addresses spread like the address space itself.", Weight: 2.1}}}
		a.Timeline = foundingTimeline(a, i)
		out = append(out, a)
	}
	return out
}

func foundingTimeline(a downpour.Attack, seed int) downpour.Timeline {
	const step = 60.0
	n := int(a.End.Sub(a.Onset).Seconds() / step)
	line := downpour.Timeline{Start: a.Onset, Step: step, Rates: []downpour.VectorTimeline{{Vector: "SYN flood"}, {Vector: "DNS amplification"}}}
	for i := range n {
		shape := (0.82 + 0.18*math.Sin(float64(i+seed)*1.7)) * min(1, float64(i+1)/4)
		line.Rates[0].Bits = append(line.Rates[0].Bits, a.Peak.Bits*0.7*shape)
		line.Rates[1].Bits = append(line.Rates[1].Bits, a.Peak.Bits*0.3*shape)
	}
	return line
}

func foundingClaims() []downpour.ClaimAssessment {
	at := func(h, m int) *time.Time { t := march10(h, m); return &t }
	return []downpour.ClaimAssessment{
		{ID: "owner-attack", Speaker: "Elon Musk, owner of X", Said: "a massive cyberattack tried to bring down the service", Where: "a post on X", Time: at(13, 25), Caveat: "The same speaker said they were not sure exactly what happened.", Assessment: downpour.PartlySupported, SourceGrade: "C3",
			Why: "An attack is seen. At 2.1 Gbit/s it is 14 times the usual traffic; published ones reach thousands of times that.", Assertions: []downpour.AssertionAssessment{
				{Kind: "attack", Asserted: "true", Assessment: downpour.Supported, Why: "Four floods are seen.", WouldSettle: "counters of the upstream networks"},
				{Kind: "scale", Asserted: "massive", Assessment: downpour.NotTestable, Why: "The capacity of the service is not known.", WouldSettle: "the capacity of the service"}}},
		{ID: "owner-origin", Speaker: "Elon Musk, owner of X", Said: "the IP addresses originated in the Ukraine area", Where: "television interview", Time: at(14, 5), Assessment: downpour.NotTestable, SourceGrade: "C3", Why: "The addresses are forged: two TTLs for 37,623 of them, spread like the address space itself.", Assertions: []downpour.AssertionAssessment{{Kind: "origin", WouldSettle: "by which neighbour networks the traffic came in"}}},
		{ID: "group", Speaker: "Dark Storm Team, on social media", Said: "it is responsible for the attacks", Time: at(10, 40), Assessment: downpour.NotTestable, SourceGrade: "F6", Why: "Traffic carries no signature of a group.", Assertions: []downpour.AssertionAssessment{{Kind: "actor", WouldSettle: "details published before they could be known"}}},
		{ID: "large", Speaker: "Elon Musk, owner of X", Said: "either a large coordinated group or a country is involved", Time: at(13, 27), Assessment: downpour.Contradicted, SourceGrade: "C3", Why: "The marks fit one or two machines."},
	}
}

func foundingService(t testing.TB) ServiceView {
	outages := foundingOutages()
	outages[3].Ongoing = true
	peak := 41143.0
	incident := foundingIncident()
	incident.Ongoing = true
	return ServiceView{Frame: foundingFrame(t), Service: ServiceRef{"x", "X"}, State: downpour.StateConfirmed, Buckets: foundingBuckets(), Outages: outages,
		Start: march10(-2, 10), End: march10(14, 10),
		Usual: &downpour.Estimate{Value: 652, Low: 560, High: 745}, Totals: &ReportTotals{Received: 214, Counted: 187, LastMinute: 12},
		BySymptom: []Tally{{"login", 470}, {"loading", 310}, {"posting", 150}, {"other", 70}}, ByCountry: []Tally{{"US", 380}, {"JP", 140}, {"GB", 110}, {"", 90}, {"DE", 70}, {"FR", 60}, {"BR", 50}, {"IN", 40}},
		Incident: &IncidentSummary{Incident: incident, Service: ServiceRef{"x", "X"}, PeakReports: &peak, Waves: 4, VerdictPublished: true},
		Recent:   []IncidentSummary{{Incident: downpour.Incident{ID: "77ab", Severity: downpour.Partial, Start: march10(-300, 0), End: march10(-299, 0)}, Service: ServiceRef{"x", "X"}, Waves: 1}},
	}
}

func foundingIncidentView(t testing.TB) IncidentView {
	return IncidentView{Frame: foundingFrame(t), Service: ServiceRef{"x", "X"}, Incident: foundingIncident(), Attacks: foundingAttacks(), Outages: foundingOutages(), Claims: foundingClaims(),
		Published: Publication{true, true, true, true}, Buckets: foundingBuckets(), Start: march10(5, 0), End: march10(15, 0), Digest: "sha256 3f9c2a",
		Marks:     []Mark{{march10(13, 30), MarkAction, "A rule against the flood is active"}},
		Downloads: []Link{{"JSON", "/incidents/9f2c41aa07/report.json"}, {"Markdown", "/incidents/9f2c41aa07/report.md"}}}
}

// quietService has a day of a few reports a minute, counted by ourselves.
func quietService() ServiceView {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	v := ServiceView{Frame: Frame{RunBy: "example.net", Now: now}, Service: ServiceRef{"mail", "Example Mail"}, State: downpour.StateOK,
		Usual: &downpour.Estimate{Value: 3.2, Low: 0.4, High: 8}, Totals: &ReportTotals{Received: 91204, Counted: 88120, LastMinute: 3}, BySymptom: []Tally{{"loading", 8}, {"", 3}}}
	for i := range 1440 {
		t := now.Add(time.Duration(i-1440) * time.Minute)
		daily := 3 + 2*math.Sin(2*math.Pi*float64(i)/1440)
		noise := float64(i*7919%13)/13*3 - 1.5
		v.Buckets = append(v.Buckets, downpour.ExpectedReports{Time: t, Bucket: time.Minute, Count: max(0, math.Round(daily+noise)), Expected: downpour.Estimate{Value: daily, Low: max(0, daily-3), High: daily + 4}, Origin: downpour.Received})
	}
	return v
}

func newService() ServiceView {
	return ServiceView{Frame: Frame{Now: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)}, Service: ServiceRef{ID: "example"}, State: downpour.StateUnknown}
}

func longName() ServiceView {
	v := quietService()
	v.Service.Name = strings.Repeat("Verwaltungsdienst", 4)[:60]
	v.State, v.Outcome = downpour.StateMaintain, OutcomeShed
	v.RetryAfter = 90 * time.Second
	return v
}

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)> style=`

func hostileService(t testing.TB) ServiceView {
	v := foundingService(t)
	v.Service.Name, v.RunBy, v.Notice, v.OutcomeReason, v.Outcome = hostile, hostile, hostile, hostile, OutcomeReceived
	v.Symptoms = []Symptom{{hostile, hostile}}
	v.BySymptom, v.ByCountry = []Tally{{hostile, 30}}, []Tally{{hostile, 3}}
	return v
}

func opsView(operator Frame) OpsView {
	operator.Operator, operator.CSRF = true, "token"
	seen, rate, lost := operator.Now.Add(-2*time.Second), 1234.5, uint64(812)
	peak := 41143.0
	incident := foundingIncident()
	incident.Ongoing = true
	last := uint64(412)
	return OpsView{Frame: operator, Ongoing: []IncidentSummary{{Incident: incident, Service: ServiceRef{"x", "X"}, PeakReports: &peak, Waves: 4}},
		Waiting:  []Proposal{{Incident: incident, Target: "198.51.100.7", Vector: "SYN flood", Rule: downpour.Rule{Text: "drop tcp to 198.51.100.7 port 443 flags syn ttl 52", Enforcer: "flowspec", Stops: &downpour.Estimate{Value: 0.93, Low: 0.9, High: 0.95}, Collateral: &downpour.Estimate{Value: 0.004, Low: 0.001, High: 0.011}}}},
		Inputs:   []InputHealth{{Name: "reports", Kind: "HTTP", LastSeen: &seen, PerSecond: &rate, Received: 91204}, {Name: "edge1", Kind: "NetFlow v9", LastSeen: &seen, Silent: true, Received: 48211345, Lost: &lost, Shed: 3}, {Name: "edge2", Kind: "IPFIX"}},
		Warnings: []Warning{{"All reports come from one address", "A proxy stands in front, so all reporters count as one.", "http:\n  trusted_proxies: [127.0.0.0/8]"}},
		Services: []ServiceRow{{Service: ServiceRef{"x", "X"}, State: downpour.StateConfirmed, Since: &incident.Start, LastMinute: &last, Expected: &downpour.Estimate{Value: 12, Low: 8, High: 16}}, {Service: ServiceRef{ID: "mail"}, State: downpour.StateOK}}}
}
