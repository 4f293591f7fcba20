package golden

import (
	_ "embed" // for what was measured
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// banned is what FastNetMon banned, as internal/golden/fastnetmon wrote it.
//
//go:embed fastnetmon.csv
var banned string

// PeerViews is the view in which FastNetMon was played the cases.
func PeerViews() []View { return []View{{"sFlow 1:1,000", 1000, true, true}} }

// ban is what one setting made of one attack, or of one case of usual traffic.
type ban struct {
	name   string
	benign bool
	found  bool
	delay  time.Duration // from the 20th packet sent; below 0 where it was banned before the attack began
	early  bool
}

// outcome is what one party made of all.
type outcome struct {
	name          string
	due, found    int
	usual, alarms int
	delays        []time.Duration
	missed        []string
	wrong         []string
}

func (o *outcome) add(b ban) {
	switch {
	case b.benign:
		o.usual++
		if b.found {
			o.alarms++
			o.wrong = append(o.wrong, b.name)
		}
	case b.found && !b.early:
		o.due++
		o.found++
		o.delays = append(o.delays, max(0, b.delay))
	default:
		o.due++
		o.missed = append(o.missed, b.name)
	}
}

// score weighs recall against false alarms as F1 does.
func (o *outcome) score() float64 {
	return 2 * float64(o.found) / float64(2*o.found+o.alarms+o.due-o.found)
}

// figures are those that must not get worse.
func (o *outcome) figures() []Figure {
	return []Figure{
		part("recall", o.found, o.due), wrongly("usual traffic with an alarm", o.alarms),
		late("delay, median", quantile(o.delays, 0.5)), late("delay, 95 %", quantile(o.delays, 0.95)),
	}
}

// bans reads what was measured: by setting, in the order of the cases.
func bans() (names []string, list map[string][]ban, head string, err error) {
	head, _, _ = strings.Cut(banned, "\n")
	r := csv.NewReader(strings.NewReader(banned))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, nil, "", fmt.Errorf("fastnetmon.csv: %d rows, %w", len(rows), err)
	}
	list = map[string][]ban{}
	for _, row := range rows[1:] {
		b := ban{name: row[0], benign: row[1] == "true", found: row[5] != "-"}
		enough, _ := strconv.ParseInt(row[4], 10, 64)
		if b.found {
			at, err := strconv.ParseInt(row[5], 10, 64)
			if err != nil {
				return nil, nil, "", fmt.Errorf("fastnetmon.csv: %w", err)
			}
			b.early = at < 0
			b.delay = time.Duration(at-enough) * time.Millisecond
		}
		if list[row[3]] == nil {
			names = append(names, row[3])
		}
		list[row[3]] = append(list[row[3]], b)
	}
	return names, list, strings.TrimPrefix(head, "# "), nil
}

// BesidePeer is the section that compares what was found with what FastNetMon banned.
func (l *Looks) BesidePeer() (Section, error) {
	names, list, head, err := bans()
	if err != nil {
		return Section{}, err
	}
	parties := []outcome{l.own(list[names[0]])}
	var best outcome
	for _, name := range names {
		o := outcome{name: "FastNetMon, " + name}
		for _, b := range list[name] {
			o.add(b)
		}
		if name == "default" {
			o.name = "FastNetMon as packaged (20,000 packets/s or 1,000 Mbit/s)"
			parties = append(parties, o)
		} else if best.due == 0 || o.score() > best.score() {
			best = o
		}
	}
	best.name += ": the best single threshold for all cases"
	parties = append(parties, best, eachBest(names, list))
	var b strings.Builder
	fmt.Fprintf(&b, peerIntroduction, head)
	b.WriteString("\n| detector | attacks due | recall | time to detect, median and 95 % | sudden usual traffic with an alarm |\n|---|---|---|---|---|\n")
	for i := range parties {
		o := &parties[i]
		fmt.Fprintf(&b, "| %s | %d | %s | %s and %s | %d of %d |\n", o.name, o.due, percent(o.found, o.due),
			seconds(quantile(o.delays, 0.5)), seconds(quantile(o.delays, 0.95)), o.alarms, o.usual)
	}
	for i := range parties {
		o := &parties[i]
		fmt.Fprintf(&b, "\n%s missed: %s.\nFalse alarms: %s.\n", o.name, orNone(o.missed), orNone(o.wrong))
	}
	return Section{titlePeer, b.String(), parties[0].figures()}, nil
}

const peerIntroduction = `
The cases as sFlow of 1:1,000, the same packets for both. FastNetMon got them in real time over loopback, forty cases at once (` + "`go run ./internal/golden/fastnetmon`" + `,
Linux and root): %s. Attacks on whole prefixes are left out: it bans addresses.
It learns nothing, so that of the usual traffic before an attack it got 12 s. Its thresholds were tried one at a time, from 500 to 40,000 packets/s
and from 5 to 1,000 Mbit/s. Best for each case is the threshold that banned the victim soonest and not before the attack
began: nobody can know it beforehand. It names no vectors. A ban counts from when its script was called; for both
the time is from the 20th sampled packet of the attack.
`

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(list))), ", ")
}

// own is what Downpour made of the view, of the cases that FastNetMon was played.
func (l *Looks) own(played []ban) outcome {
	was := map[string]bool{}
	for _, b := range played {
		was[b.name] = true
	}
	o := outcome{name: "Downpour", usual: l.Usual[0][sudden].Looks + l.OneWay.Looks, alarms: l.Usual[0][sudden].Alarms + l.OneWay.Alarms}
	for i := range l.Sightings {
		s := &l.Sightings[i]
		if s.Due() && was[s.Case] {
			o.add(ban{name: s.Case, found: s.Found, delay: s.Delay})
		}
	}
	for _, w := range l.Wrong {
		if was[w.Case] {
			o.wrong = append(o.wrong, w.Case)
		}
	}
	return o
}

// eachBest takes for each attack the best of all settings; its false alarms are those
// of no setting, since each case has its own.
func eachBest(names []string, list map[string][]ban) outcome {
	o := outcome{name: "FastNetMon, the best threshold for each case"}
	for i := range list[names[0]] {
		best := list[names[0]][i]
		if best.benign {
			continue
		}
		best.found = false
		for _, name := range names {
			if b := list[name][i]; b.found && !b.early && (!best.found || b.delay < best.delay) {
				best = b
			}
		}
		o.add(best)
	}
	return o
}
