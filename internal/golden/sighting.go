package golden

import (
	"context"
	"slices"
	"strings"
	"time"

	"downpour"
	"downpour/internal/detect/attack"
	"downpour/internal/golden/traffic"
)

// Sighting is what came of one attack in one view.
type Sighting struct {
	Case     string
	View     string
	Samples  int     // of it in all
	Strength float64 // times what an attack must be: its class's floor and three times the usual
	Found    bool
	Vector   bool // the right ones
	Shapes   int  // how many it has that the view can show
	Shaped   int  // of them named
	Pieces   int  // as how many attacks it was told of
	Got      string
	Want     string
	Onset    time.Duration // error
	Delay    time.Duration // after the telemetry held enough samples
	After    time.Duration // the onset
}

// Due tells whether the attack had to be found: it is so strong and there were so many samples.
func (s *Sighting) Due() bool { return s.Strength >= 1 && s.Samples >= enoughSamples }

// enoughSamples is how many sampled packets an attack must have to be known.
const enoughSamples = 20

// Sightings is what came of a case in a view.
type Sightings struct {
	Attacks []Sighting
	Wrong   []WrongAlarm
	Benign  bool // there was no attack to find
}

// WrongAlarm is an attack that was told of and is none.
type WrongAlarm struct {
	Case, View, Says string
}

// look runs a case in a view at a strength.
func (c *Case) look(ctx context.Context, feed *traffic.Feed, v View, strength float64) (Sightings, error) {
	made := feed.Whole()
	if v.Sampling > 1 {
		made = feed.Sample(v.Sampling, strength)
	}
	truth := made.Truth()
	list, err := packets(made)
	if err != nil {
		return Sightings{}, err
	}
	t := v.tell(c.Name, list, c.Capture.Host.Is6())
	found, err := t.analyze(ctx, append(c.Capture.Prefixes(), network(c.Capture.Host)), c.places)
	if err != nil {
		return Sightings{}, err
	}
	out := Sightings{Benign: len(truth) == 0}
	used := make([]bool, len(found))
	for i := range truth {
		out.Attacks = append(out.Attacks, t.sighting(c, v, &truth[i], found, used))
	}
	for i := range found {
		if !used[i] {
			out.Wrong = append(out.Wrong, WrongAlarm{c.Name, v.Name, attackName(&found[i]) + ": " + found[i].Why})
		}
	}
	return out, nil
}

// sighting scores one attack.
func (t told) sighting(c *Case, v View, truth *traffic.FeedTruth, found []downpour.Attack, used []bool) Sighting {
	s := Sighting{Case: c.Name, View: v.Name, Samples: truth.Sampled, Strength: strengthOf(truth)}
	want := AttackTruth{Target: truth.Target, Over: truth.Over, Vectors: truth.Vectors, Onset: truth.Onset, End: truth.End}
	s.Want = strings.Join(append([]string{vectorsWant(&want)}, truth.Shape...), ", ")
	at := match(&want, found, used)
	if at < 0 {
		return s
	}
	a := &found[at]
	for i := range found { // what an attack falls into is counted as one
		if want.isOn(found[i].Target) && !found[i].End.Before(want.Onset) && !found[i].Onset.After(want.End) {
			used[i] = true
			s.Pieces++
		}
	}
	s.Found, s.Got = used[at], strings.Join(append([]string{vectorsGot(a)}, a.Shape...), ", ")
	if !s.Found {
		return s
	}
	s.Vector = vectorsHold(v, truth.Vectors, a.Vectors)
	for _, shape := range truth.Shape {
		if v.shows(shape) {
			s.Shapes++
			if slices.Contains(a.Shape, shape) {
				s.Shaped++
			}
		}
	}
	s.Onset = a.Onset.Sub(truth.Onset).Abs()
	s.After = a.AlarmAt.Sub(truth.Onset)
	if enough, ok := t.enough(truth); ok {
		s.Delay = max(0, a.AlarmAt.Sub(enough))
	}
	return s
}

// enough is when records had come that hold so many packets of the attack that it
// can be known.
func (t told) enough(truth *traffic.FeedTruth) (time.Time, bool) {
	n := uint64(0)
	for _, a := range t.arrivals {
		if !truth.Has(a.flow.Destination) || !truth.Senders[a.flow.Source] {
			continue
		}
		if n += a.flow.Packets; n >= enoughSamples {
			return time.Unix(0, a.at), true
		}
	}
	return time.Time{}, false
}

// rise is by how much the usual must be exceeded.
const rise = 3

// strengthOf is how many times an attack is what it must be: above its class's
// floor, and three times the usual.
func strengthOf(truth *traffic.FeedTruth) float64 {
	floors, worst, times := floors(), 0.0, 1.0
	if truth.Over.IsValid() {
		times = attack.Default().PrefixFloor
	}
	for class, r := range truth.Rates {
		floor, usual := floors[class], truth.Usual[class]
		if floor.Packets > 0 {
			worst = max(worst, r.Packets/max(times*floor.Packets, rise*usual.Packets))
		}
		if floor.Bits > 0 {
			worst = max(worst, r.Bits/max(times*floor.Bits, rise*usual.Bits))
		}
	}
	return worst
}

// floors are the product's, by the class of the truth.
func floors() map[traffic.Class]attack.Floor {
	f := attack.Default().Floors
	return map[traffic.Class]attack.Floor{
		traffic.Answers: f[attack.ClassAnswers], traffic.SYNs: f[attack.ClassSYN], traffic.SYNACKs: f[attack.ClassSYNACK],
		traffic.Fragments: f[attack.ClassFragments], traffic.OddFlags: f[attack.ClassOdd], traffic.Errors: f[attack.ClassErrors],
		traffic.TCPData: f[attack.ClassTCP], traffic.Closes: f[attack.ClassClose], traffic.UDPData: f[attack.ClassUDP],
		traffic.Queries: f[attack.ClassQueries], traffic.ICMPData: f[attack.ClassICMP], traffic.Rest: f[attack.ClassOther],
	}
}

// vectorsHold tells whether the truth's vectors are those that were named, as far
// as the view can show them.
func vectorsHold(v View, truth map[string]float64, got []downpour.Vector) bool {
	share, named := 0.0, map[string]bool{}
	for _, g := range got {
		for name := range truth {
			if g.Name == name || !v.SFlow && byPayload(name) && strings.HasPrefix(g.Name, "UDP ") {
				share += g.Share
				named[name] = true
				break
			}
		}
	}
	holds := share >= nearShare
	for name, part := range truth {
		holds = holds && (named[name] || part < vectorMatters)
	}
	return holds
}

// byPayload tells of the vectors that have no port of their own: flow records
// show UDP from anywhere.
func byPayload(vector string) bool {
	return slices.Contains([]string{"TFTP amplification", "DTLS amplification", "BitTorrent amplification"}, vector)
}
