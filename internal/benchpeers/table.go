//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"downpour/internal/observe/flow"
)

// document prints the tables as Markdown.
func (b *bench) document(out io.Writer, m *surroundings) {
	fmt.Fprintf(out, "Taken on %d cores (%s), Linux %s, load average %s before and %s after; %s. ", m.cores, m.processor, m.kernel, m.loadBefore, m.loadAfter, m.limits)
	fmt.Fprintf(out, "%d targets; flows last up to %s; %g s at each rate", b.o.targets, b.o.longest, b.o.seconds)
	if b.o.rounds > 1 {
		fmt.Fprintf(out, ", median of %d", b.o.rounds)
	}
	fmt.Fprintf(out, "; seed %d.\n", b.o.seed)
	if len(b.absent) > 0 {
		fmt.Fprintf(out, "Not installed here, so left out: %s.\n", strings.Join(b.absent, ", "))
	}
	for _, sources := range b.o.sources {
		for _, v := range b.o.versions {
			fmt.Fprintf(out, "\n### %s, %s sources\n\n", title(v), thousands(sources))
			b.table(out, v, sources)
		}
	}
	b.hows(out)
}

func title(v flow.Version) string {
	name := map[flow.Version]string{flow.NetFlow5: "NetFlow v5", flow.NetFlow9: "NetFlow v9", flow.IPFIX: "IPFIX", flow.SFlow5: "sFlow v5"}[v]
	return fmt.Sprintf("%s (%d records a datagram)", name, recordsOf(v))
}

// table is one protocol's: a row a party, a column of cost a rate.
func (b *bench) table(out io.Writer, v flow.Version, sources int) {
	fmt.Fprint(out, "| CPU seconds a million records at |")
	for _, rate := range b.o.rates {
		fmt.Fprintf(out, " %s/s |", thousands(int(rate)))
	}
	fmt.Fprintf(out, " to the floor | to Downpour | lossless up to | memory |\n|---|%s---|---|---|---|\n", strings.Repeat("---|", len(b.o.rates)))
	ours, floor := b.at(b.o.all()[1].name, v, sources, b.o.costRate), b.at(b.o.all()[0].name, v, sources, b.o.costRate)
	for _, p := range b.o.all() {
		rows := b.of(p.name, v, sources)
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(out, "| %s |", p.name)
		for _, rate := range b.o.rates {
			fmt.Fprintf(out, " %s |", cell(b.at(p.name, v, sources, rate)))
		}
		here := b.at(p.name, v, sources, b.o.costRate)
		fmt.Fprintf(out, " %s | %s | %s | %s |\n", ratio(here, floor), ratio(here, ours), lossless(rows), memory(rows))
	}
}

func (b *bench) of(party string, v flow.Version, sources int) []*result {
	var list []*result
	for i := range b.results {
		if r := &b.results[i]; r.party == party && r.version == v && r.sources == sources {
			list = append(list, r)
		}
	}
	return list
}

func (b *bench) at(party string, v flow.Version, sources int, rate float64) *result {
	for _, r := range b.of(party, v, sources) {
		if r.rate == rate {
			return r
		}
	}
	return nil
}

// cell is a cost, with what was lost, and marked where the generator could not
// keep the rate.
func cell(r *result) string {
	switch {
	case r == nil:
		return ""
	case r.err != nil:
		return "failed"
	}
	text := fmt.Sprintf("%.2f", r.cost())
	if n := r.lost(); n > 0 {
		text += fmt.Sprintf(", lost %.3g %%", 100*float64(n)/float64(r.sent.Records))
	}
	if !r.reached() {
		text += fmt.Sprintf(" (only %s/s could be sent)", thousands(int(float64(r.sent.Records)/r.sent.Seconds/1000)*1000))
	}
	return text
}

func ratio(r, to *result) string {
	if r == nil || to == nil || r.err != nil || to.err != nil || to.cpu == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", r.cost()/to.cost())
}

// lossless is the highest rate up to which none lost anything.
func lossless(rows []*result) string {
	best := "none of these"
	for _, r := range rows {
		if r.err != nil || r.lost() > 0 {
			return best
		}
		best = thousands(int(float64(r.sent.Records)/r.sent.Seconds+500)/1000*1000) + "/s"
		if r.reached() {
			best = thousands(int(r.rate)) + "/s"
		}
	}
	return best
}

func memory(rows []*result) string {
	var most uint64
	for _, r := range rows {
		most = max(most, r.memory)
	}
	return fmt.Sprintf("%d MB", most>>20)
}

// hows says how each count was read and what each party does.
func (b *bench) hows(out io.Writer) {
	fmt.Fprintln(out, "\nWhat each does with a record, and how its count was read:")
	for _, p := range b.o.all() {
		i := slices.IndexFunc(b.results, func(r result) bool { return r.party == p.name && r.err == nil })
		if i >= 0 {
			fmt.Fprintf(out, "- %s: %s; %s.\n", p.name, p.says, b.results[i].by)
		}
	}
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// The marks between which splice writes.
const (
	tableBegins = "<!-- written by: go run ./internal/benchpeers -write docs/performance.md -->"
	tableEnds   = "<!-- to here -->"
)

// splice replaces what stands between the marks of a file.
func splice(path, text string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(data), tableBegins)
	_, after, also := strings.Cut(rest, tableEnds)
	if !ok || !also {
		return fmt.Errorf("%s lacks the marks between which the tables belong: %s and %s", path, tableBegins, tableEnds)
	}
	return os.WriteFile(path, []byte(before+tableBegins+"\n"+text+tableEnds+after), 0o644) //nolint:gosec // a document that all may read
}
