package web

import (
	"math"
	"strconv"
	"time"

	"downpour"
	"downpour/internal/wording"
)

// evidenceRow is one piece of evidence with its weight in words.
type evidenceRow struct{ Says, Weight string }

// addCause fills in the verdict, its rivals and the evidence of the likeliest.
func (p *incidentPage) addCause() {
	causes := p.View.Incident.Cause
	p.Verdict = p.View.verdict()
	if len(causes) == 0 {
		return
	}
	p.Confidence = confidenceSentence(causes[0].Confidence)
	for _, c := range causes {
		p.Rivals = append(p.Rivals, bar{
			Label: capital(causeName(c.Name)), Value: percent(float64(c.Likelihood)), Note: c.Likelihood.Word(),
			Width: float64(c.Likelihood) * 100,
		})
	}
	for _, e := range causes[0].Evidence {
		row := evidenceRow{e.Says, weightWord(e.Weight)}
		if e.Weight > 0 {
			p.For = append(p.For, row)
		} else {
			p.Against = append(p.Against, row)
		}
	}
}

// weightWord puts a log-likelihood ratio in words: strong from odds of ten to
// one, moderate from three to one (after Jeffreys, Theory of Probability, 1961).
func weightWord(w float64) string {
	switch w = math.Abs(w); {
	case w == 0:
		return "no weight"
	case w >= math.Log(10):
		return "strong"
	case w >= math.Log(3):
		return "moderate"
	}
	return "weak"
}

// originPart tells what the addresses of one or more attacks say of the origin.
type originPart struct {
	Heading   string // which attacks, where they differ
	Statement string
	Evidence  bool // the addresses are evidence of origin
	Countries []bar
	Networks  []bar
	Kinds     []bar
	Ingress   []bar // operator only
	Sources   string
	Spoofing  []evidenceRow
	Databases []downpour.Database
}

// mostOrigins bounds the statements on one page.
const mostOrigins = 4

// originParts joins attacks that say the same; the largest speaks for them.
func originParts(attacks []downpour.Attack, operator bool) []originPart {
	groups := map[string][]downpour.Attack{}
	var order []string
	for _, a := range attacks {
		if a.Direction == downpour.Outbound {
			continue
		}
		if groups[a.Sources.Statement] == nil {
			order = append(order, a.Sources.Statement)
		}
		groups[a.Sources.Statement] = append(groups[a.Sources.Statement], a)
	}
	var out []originPart
	for _, statement := range order[:min(len(order), mostOrigins)] {
		part := newOriginPart(*largest(groups[statement]), operator)
		if len(order) > 1 {
			part.Heading = wording.Count(len(groups[statement]), "attack", "attacks") + " by " + vectorNames(*largest(groups[statement]))
		}
		out = append(out, part)
	}
	return out
}

func newOriginPart(a downpour.Attack, operator bool) originPart {
	s := a.Sources
	part := originPart{Statement: s.Statement, Evidence: s.EvidenceOfOrigin, Databases: s.Databases}
	if part.Statement == "" {
		part.Statement = "The addresses tell nothing about the origin that could be relied on."
	}
	if s.Addresses.Value > 0 {
		part.Sources = capital(approximate(s.Addresses)) + " source addresses were seen."
	}
	for _, c := range s.ByCountry {
		part.Countries = append(part.Countries, shareBar(countryOf(c), c.Share))
	}
	for _, n := range s.ByNetwork {
		part.Networks = append(part.Networks, shareBar(networkName(n), n.Share))
	}
	for _, k := range s.ByKind {
		part.Kinds = append(part.Kinds, shareBar(capital(string(k.Kind)), k.Share))
	}
	for _, e := range append(append([]downpour.Evidence(nil), a.Spoofing.Evidence...), a.Reflection.Evidence...) {
		if math.Abs(e.Weight) > 0 {
			part.Spoofing = append(part.Spoofing, evidenceRow{e.Says, weightWord(e.Weight)})
		}
	}
	if operator {
		for _, i := range s.ByIngress {
			part.Ingress = append(part.Ingress, shareBar(i.Name(), i.Share))
		}
	}
	return part
}

// sampledPackets is the interval of a figure that rests on sampled records.
func sampledPackets(e *downpour.Estimate) string {
	if e == nil {
		return ""
	}
	return " [" + grouped(math.Floor(e.Low)) + ", " + grouped(math.Ceil(e.High)) + "]"
}

func sampledBits(e *downpour.Estimate) string {
	if e == nil {
		return ""
	}
	return " [" + bitrate(e.Low) + ", " + bitrate(e.High) + "]"
}

func networkName(n downpour.NetworkShare) string {
	switch {
	case n.ASN == nil && n.Name != nil:
		return *n.Name
	case n.ASN == nil:
		return "Not known"
	case n.Name == nil || *n.Name == "":
		return "AS" + strconv.FormatUint(uint64(*n.ASN), 10)
	}
	return *n.Name + " (AS" + strconv.FormatUint(uint64(*n.ASN), 10) + ")"
}

// shareBar is a share with its interval as a whisker.
func shareBar(label string, e downpour.Estimate) bar {
	b := bar{Label: label, Value: percent(e.Value), Note: interval(e), Width: clampPercent(e.Value), Title: exact(e)}
	if e.Low != e.High {
		b.Low, b.High = clampPercent(e.Low), clampPercent(e.High)
	}
	return b
}

func clampPercent(v float64) float64 { return min(max(v*100, 0), 100) }

// Span is the whisker's width.
func (b bar) Span() float64 { return max(b.High-b.Low, 0) }

// claimPart is a claim with its assessment.
type claimPart struct {
	downpour.ClaimAssessment
	Chip  chip
	Parts []assertionPart
	// Settle is what would settle it, said once if its parts agree.
	Settle []string
}

type assertionPart struct {
	downpour.AssertionAssessment
	Chip chip
}

// claimParts prepares the claims in the order given.
func claimParts(claims []downpour.ClaimAssessment) []claimPart {
	var out []claimPart
	for _, c := range claims {
		part := claimPart{ClaimAssessment: c, Chip: assessmentChip(c.Assessment)}
		said := map[string]bool{"": true}
		for _, a := range c.Assertions {
			if len(c.Assertions) > 1 {
				part.Parts = append(part.Parts, assertionPart{a, assessmentChip(a.Assessment)})
			}
			if !said[a.WouldSettle] {
				said[a.WouldSettle] = true
				part.Settle = append(part.Settle, a.WouldSettle)
			}
		}
		out = append(out, part)
	}
	return out
}

// attackPart is what only the operator sees of an attack.
type attackPart struct {
	ID, Target, Direction, Vectors, Why string
	Onset, AlarmAt, PeakAt, End         time.Time
	Ongoing                             bool
	Peak, PeakTitle, Total              string
	Shape                               []string
	Rules                               []ruleRow
	Synthetic                           bool
	Marks                               []markRow
}

// markRow is what an attack's requests have in common of one sort.
type markRow struct {
	Name   string
	Shares []downpour.NameShare
}

// totalText is a total in the units that were seen.
func totalText(v downpour.Volume) string {
	if v.Requests != nil {
		return grouped(float64(*v.Requests)) + " requests"
	}
	return byteSize(int64(min(v.Bytes, math.MaxInt64))) + " in " + grouped(float64(v.Packets)) + " packets" + sampledPackets(v.PacketsEstimate)
}

// mostAttacks bounds the attacks that one page lists; a carpet bombing may
// have thousands of targets, and the downloads have them all.
const mostAttacks = 50

// ruleRow is a proposed mitigation.
type ruleRow struct {
	Text, Enforcer    string
	Stops, Collateral *bar
}

func attackParts(attacks []downpour.Attack) []attackPart {
	var out []attackPart
	for _, a := range attacks[:min(len(attacks), mostAttacks)] {
		p := attackPart{
			ID: a.ID, Target: targetText(a.Target), Direction: string(a.Direction), Vectors: vectorNames(a), Why: a.Why,
			Onset: a.Onset, AlarmAt: a.AlarmAt, PeakAt: a.PeakAt, End: a.End, Ongoing: a.Ongoing,
			Peak: peakText(a.Peak), PeakTitle: exactRate(a.Peak), Total: totalText(a.Total),
			Shape: a.Shape, Synthetic: a.Synthetic,
		}
		if a.Peak.Requests == nil {
			p.Peak += sampledBits(a.Peak.BitsEstimate) + ", " + packetrate(a.Peak.Packets)
		}
		p.Marks = markRows(a.Marks)
		for _, r := range a.Rules {
			p.Rules = append(p.Rules, newRuleRow(r))
		}
		out = append(out, p)
	}
	return out
}

func newRuleRow(r downpour.Rule) ruleRow {
	row := ruleRow{Text: r.Text, Enforcer: r.Enforcer}
	if r.Stops != nil {
		b := shareBar("stops", *r.Stops)
		row.Stops = &b
	}
	if r.Collateral != nil {
		b := shareBar("hurts", *r.Collateral)
		row.Collateral = &b
	}
	return row
}

// targetText writes a single address without its /32 or /128.
func targetText(t downpour.Target) string {
	switch {
	case t == downpour.Target{}:
		return "not known"
	case t.Prefix.IsValid() && t.Prefix.IsSingleIP():
		return t.Prefix.Addr().String()
	}
	return t.String()
}
