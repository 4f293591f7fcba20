// Package cause weighs rival explanations of a service's outages: an attack, a
// flash crowd, a change, DNS, a certificate, an upstream network, planned work,
// or something else. One of them is taken to be true, so their likelihoods add
// up to one; what nothing was seen of stays near its prior, and says so.
package cause

import (
	"cmp"
	"math"
	"slices"
	"time"

	"downpour"
	"downpour/internal/assess"
)

// rival is an explanation with its prior and with what would be evidence for it.
type rival struct {
	name  string
	prior float64
	says  string
}

// The priors are a judgement in the order of what operators publish of their
// own outages: most come of changes and of faults within, fewer from outside.
// They are kept flat, because an outage that many users report is no random one.
// They add up to one.
var rivals = [...]rival{
	{"attack", 0.15, ""},
	{"flash crowd", 0.10, "far more users than usual would show as traffic of usual kinds, completed connections and a slow rise"},
	{"change", 0.20, "no record of deploys and configuration changes was given"},
	{"dns", 0.07, "no check of the service's DNS was given"},
	{"certificate", 0.04, "no check of the service's certificates was given"},
	{"upstream", 0.13, "whether other services of the same networks failed too was not given"},
	{"planned work", 0.06, "no calendar of planned work was given"},
	{"other", 0.25, "a fault within that leaves no mark in what was given"},
}

// Within is the distance in time beyond which an attack and an outage can't
// bear on one another.
const Within = 24 * time.Hour

// Assess weighs the explanations of the outages of one service, likeliest
// first; empty if there is no outage. Attacks on other services are left out.
func Assess(outages []downpour.Outage, attacks []downpour.Attack, seen assess.Seen) []downpour.Cause {
	if len(outages) == 0 {
		return []downpour.Cause{}
	}
	waves := match(outages, attacks)
	ledgers := make([]*assess.Ledger, len(rivals))
	sums := make([]float64, len(rivals))
	for i, r := range rivals {
		ledgers[i] = begin(r)
		switch r.name {
		case "attack":
			weighAttack(ledgers[i], waves, attacks, seen)
		case "flash crowd":
			weighCrowd(ledgers[i], waves, seen)
		default:
			ledgers[i].Add("not looked at", 0, "%s", r.says)
		}
		sums[i] = ledgers[i].Sum()
	}
	causes := make([]downpour.Cause, len(rivals))
	for i, p := range assess.Softmax(sums) {
		causes[i] = downpour.Cause{Name: rivals[i].name, Finding: ledgers[i].With(p, confidence(rivals[i].name, waves, seen))}
	}
	slices.SortStableFunc(causes, func(a, b downpour.Cause) int { return cmp.Compare(b.Likelihood, a.Likelihood) })
	return causes
}

// begin opens a rival's ledger. Its prior is the logarithm of a share, since
// rivals are normalised together and not each against its own opposite.
func begin(r rival) *assess.Ledger {
	return assess.NewShare(r.prior, "assumed before anything of this outage is seen (a judgement, not a measured share): %.0f %%", 100*r.prior)
}

// wave is one outage with the attack that fits it best, if any is near.
type wave struct {
	outage *downpour.Outage
	attack *downpour.Attack
	low    time.Time // earliest onset
}

// match gives each outage the inbound attack on its service that overlaps it
// and begins nearest to its onset; nil if none is within reach.
func match(outages []downpour.Outage, attacks []downpour.Attack) []wave {
	waves := make([]wave, len(outages))
	for i := range outages {
		o := &outages[i]
		w := wave{outage: o, low: o.Onset}
		if o.OnsetLow != nil {
			w.low = *o.OnsetLow
		}
		best := time.Duration(math.MaxInt64)
		for k := range attacks {
			a := &attacks[k]
			if a.Service != o.Service || a.Direction == downpour.Outbound || !touches(a, &w) {
				continue
			}
			if d := o.Onset.Sub(a.Onset).Abs(); d < best {
				best, w.attack = d, a
			}
		}
		waves[i] = w
	}
	return waves
}

// Aftermath is how long after an attack's end an outage may begin and still be
// its consequence: queues, restarts and caches that refill.
const Aftermath = 15 * time.Minute

// touches tells whether an attack is in reach of an outage: it overlaps, or
// ended just before.
func touches(a *downpour.Attack, w *wave) bool {
	if a.Onset.Sub(w.outage.End) > 0 {
		return false
	}
	if w.low.Sub(a.Onset) > Within && !a.Ongoing && a.End.Before(w.low) {
		return false
	}
	return !a.End.Add(Aftermath).Before(w.low)
}

// weighCrowd weighs the flash crowd against what traffic showed.
func weighCrowd(l *assess.Ledger, waves []wave, seen assess.Seen) {
	attacked, forged := 0, 0
	for _, w := range waves {
		if w.attack == nil {
			continue
		}
		attacked++
		if w.attack.Spoofing.Likelihood > 0.8 || w.attack.Reflection.Likelihood > 0.8 {
			forged++
		}
	}
	switch {
	case forged > 0:
		l.Add("traffic", -2, "the traffic of %d of %d outages bore forged or reflectors' addresses, which users do not", forged, len(waves))
	case attacked == 0 && covered(waves, seen) == len(waves):
		l.Add("traffic", math.Log(seen.Missed()), "the traffic seen during the outages was not unusual, and a crowd would be")
	default:
		l.Add("traffic", 0, "far more users than usual would show as usual traffic, completed connections and a slow rise; that was not measured")
	}
}

// confidence grades what an explanation rests on.
func confidence(name string, waves []wave, seen assess.Seen) downpour.Confidence {
	attacked := 0
	for _, w := range waves {
		if w.attack != nil {
			attacked++
		}
	}
	switch {
	case name != "attack" || !seen.Traffic:
		return downpour.LowConfidence
	case attacked >= 3 || attacked == 0 && seen.Ingress != nil && *seen.Ingress >= 0.9:
		return downpour.ModerateConfidence
	}
	return downpour.LowConfidence
}

func covered(waves []wave, seen assess.Seen) int {
	n := 0
	for _, w := range waves {
		if seen.Covers(w.low, w.outage.End) {
			n++
		}
	}
	return n
}
