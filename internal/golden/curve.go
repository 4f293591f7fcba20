package golden

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour/internal/golden/traffic"
)

// The curve of recall: attacks so many times what is usual, of which so many packets are
// sampled.
var (
	curveTimes   = [...]float64{0.5, 1, 1.5, 2, 3, 5}
	curveSamples = [...]int{5, 10, 20, 50, 100, 200}
)

// Curve is what was found of attacks by how strong they are and how much of them is
// seen, below what must be found and above it.
type Curve struct {
	Cases []string
	cells [len(curveTimes)][len(curveSamples)]curveCell
}

type curveCell struct {
	looks  int
	delays []time.Duration // after the onset, of those found
	wrong  int             // with another vector
}

// RunCurve looks at attacks of one kind each, as sFlow, at all strengths and in all
// numbers of samples, so many cases at a time.
func RunCurve(ctx context.Context, cases []Case, atOnce int) (*Curve, error) {
	chosen := curveCases(cases)
	found := make([][]Sighting, len(chosen))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(atOnce, 1))
	for i, c := range chosen {
		group.Go(func() error {
			var err error
			if found[i], err = c.curve(ctx); err != nil {
				return fmt.Errorf("case %s: %w", c.Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := new(Curve)
	for i, c := range chosen {
		out.Cases = append(out.Cases, c.Name)
		for j := range found[i] {
			out.cells[j/len(curveSamples)][j%len(curveSamples)].add(&found[i][j])
		}
	}
	return out, nil
}

// curveCases picks one case of each flood and of the amplifiers that are abused most:
// the first with nothing but that attack, over IPv4.
func curveCases(cases []Case) (list []*Case) {
	seen := map[string]bool{}
	for i := range cases {
		c := &cases[i]
		if c.Capture == nil || !c.Capture.Host.Is4() || len(c.Capture.Prefixes()) > 0 || c.Capture.Spliced() {
			continue
		}
		attacks := c.Capture.Attacks()
		if len(attacks) != 1 || attacks[0].On > 0 || attacks[0].Ramp > 0 || attacks[0].Senders == traffic.Single {
			continue
		}
		kind := attacks[0].Kind
		rare := strings.HasSuffix(kind, " amplification") && !slices.Contains(mostAbused[:], kind)
		if !seen[kind] && !rare {
			seen[kind] = true
			list = append(list, c)
		}
	}
	return list
}

// mostAbused are the amplifiers that stand for all: their class has one floor.
var mostAbused = [...]string{
	"DNS amplification", "NTP amplification", "CLDAP amplification", "memcached amplification", "SSDP amplification",
}

// curve looks at a case at all strengths and in all numbers of samples.
func (c *Case) curve(ctx context.Context) ([]Sighting, error) {
	feed := traffic.NewFeed(c.Capture, false)
	const probe = 1000
	truth := feed.Sample(probe, 1).Truth()
	if len(truth) != 1 {
		return nil, fmt.Errorf("%d attacks in it", len(truth))
	}
	packets := 0.0 // a second
	for _, r := range truth[0].Rates {
		packets += r.Packets
	}
	of := strengthOf(&truth[0])
	var list []Sighting
	for _, times := range curveTimes {
		strength := times / rise / of
		for _, samples := range curveSamples {
			n := traffic.SamplingFor(packets*strength, samples)
			found, err := c.look(ctx, feed, View{Name: fmt.Sprintf("sFlow 1:%d", n), Sampling: n, SFlow: true}, strength)
			if err != nil {
				return nil, err
			}
			if len(found.Attacks) == 0 { // not one packet of it was sampled
				found.Attacks = make([]Sighting, 1)
			}
			list = append(list, found.Attacks[0])
		}
	}
	return list, nil
}

func (c *curveCell) add(s *Sighting) {
	c.looks++
	if !s.Found {
		return
	}
	c.delays = append(c.delays, s.After)
	if !s.Vector {
		c.wrong++
	}
}

// Section is the curve as two tables.
func (c *Curve) Section() Section {
	var b strings.Builder
	fmt.Fprintf(&b, curveIntroduction, len(c.Cases), strings.Join(c.Cases, ", "))
	c.table(&b, "Found", func(cell *curveCell) string { return percent(len(cell.delays), cell.looks) })
	c.table(&b, "Time from the onset to the alarm, median", func(cell *curveCell) string {
		if len(cell.delays) == 0 {
			return "–"
		}
		return seconds(quantile(cell.delays, 0.5))
	})
	c.table(&b, "Vectors right, of those found", func(cell *curveCell) string { return percent(len(cell.delays)-cell.wrong, len(cell.delays)) })
	return Section{Title: titleCurve, Body: b.String()}
}

const curveIntroduction = `
How recall and delay go down below what must be found. %d attacks, one of each flood and five amplifications (%s), each
as sFlow and each so many times what is usual of its class (or a third of its floor, where that is more: three times is the
limit from which it must be found), with such a sampling that about so many of its packets are sampled in half a
minute (10 s where that takes less than 1:100).
`

func (c *Curve) table(b *strings.Builder, title string, text func(*curveCell) string) {
	fmt.Fprintf(b, "\n%s:\n\n| times the usual |", title)
	for _, n := range curveSamples {
		fmt.Fprintf(b, " %d samples |", n)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(curveSamples)) + "\n")
	for i, times := range curveTimes {
		fmt.Fprintf(b, "| %g |", times)
		for j := range curveSamples {
			fmt.Fprintf(b, " %s |", text(&c.cells[i][j]))
		}
		b.WriteString("\n")
	}
}
