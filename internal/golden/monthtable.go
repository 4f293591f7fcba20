package golden

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"downpour"
	"downpour/internal/golden/month"
)

// RunMonth simulates a month of usual traffic and returns its section.
func RunMonth(ctx context.Context, days int) (Section, error) {
	r, err := month.Run(ctx, days)
	if err != nil {
		return Section{}, err
	}
	return monthSection(&r), nil
}

const monthIntroduction = `
Usual traffic of several networks, made at the level of counters (` + "`internal/golden/month`" + `): of each second a Poisson number
of packets is sampled, of rates that follow the hour and the day, wander, and come in bursts. Flash crowds, speed tests,
nightly backups, fills of caches, broadcasts, updates, tournaments, films, file sharing, meetings and scans come and go. It goes, second by second,
through the detectors of single addresses and of prefixes with the figures that Downpour stands by. The first day teaches, its first hours
rising from nothing, and does not count; a detector that starts amid a network's traffic is another matter (see the sudden traffic above).
What is told as flow records is not among it: these are sampled packets.
`

func monthSection(r *month.Result) Section {
	var b strings.Builder
	b.WriteString(monthIntroduction)
	notified := 0
	for _, a := range r.Alarms {
		if a.Severity != downpour.Minor {
			notified++
		}
	}
	fmt.Fprintf(&b, "\n%d targets for %d days are %d target-days (%d sampled packets).\n\n| of 1,000 target-days | number | rate | 95 %% interval |\n|---|---|---|---|\n",
		r.Targets, r.Days, r.TargetDays(), r.Samples)
	rate(&b, "false alarms", len(r.Alarms), r.TargetDays())
	rate(&b, "of partial severity or more, which are notified", notified, r.TargetDays())
	b.WriteString("\nThe interval is Garwood's of a Poisson count; of none its one-sided upper end. Among it were:")
	for i, name := range slices.Sorted(maps.Keys(r.Episodes)) {
		fmt.Fprintf(&b, "%s %s %d", strings.Repeat(",", min(i, 1)), name, r.Episodes[name])
	}
	b.WriteString(".\n\n| network | targets | sampled packets | false alarms | largest margin | it was |\n|---|---|---|---|---|---|\n")
	for _, n := range r.Networks {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %.2f | %s |\n", n.Name, n.Targets, n.Samples, n.Alarms, n.Largest, n.Amid)
	}
	fmt.Fprintf(&b, "| their prefixes | | | %d | %.2f | |\n", r.Prefixes.Alarms, r.Prefixes.Largest)
	if len(r.Alarms) > 0 {
		b.WriteString("\n| false alarm | at | amid | severity | rule that fired |\n|---|---|---|---|---|\n")
		for _, a := range r.Alarms {
			fmt.Fprintf(&b, "| %s, %s | %s | %s | %s | %s |\n", a.Network, a.Member, a.At.Format("Mon 15:04"), a.Episode, a.Severity, a.Says)
		}
	}
	b.WriteString(marginText)
	tail(&b, "false alarms", r.Margins, r)
	tail(&b, "false notifications", r.Notices, r)
	return Section{titleMonth, b.String(), []Figure{wrongly("false alarms", len(r.Alarms)), wrongly("false notifications", notified)}}
}

// rate is a row of what was counted among target-days, for 1,000 of them.
func rate(b *strings.Builder, name string, n, days int) {
	each := 1000 / float64(max(days, 1))
	low, high := month.Limits(n)
	fmt.Fprintf(b, "| %s | %d | %.2f | %.2f to %.2f |\n", name, n, float64(n)*each, low*each, high*each)
}

const marginText = `
The margin is the alarm's own statistic: by how many times the lower limit of what is hostile is its limit; an alarm is
raised from 1 on. What decides on a notification is the smaller of the margin and a third of the times by which the same
second is the limit as it is estimated: severity is partial from three times on. Of both the highest of each target-day goes
into a generalised Pareto law of what exceeds a threshold (Pickands 1975; probability-weighted moments, Hosking and Wallis 1987),
which tells what is to be expected beyond 1. It holds for an installation that is made up as these networks are.
`

// tail says what is to be expected beyond what was simulated.
func tail(b *strings.Builder, of string, margins []float64, r *month.Result) {
	t, ok := month.TailOf(margins, r.TargetDays())
	if !ok {
		fmt.Fprintf(b, "\n**%s**: %d of %d target-days had any margin, too few to fit a tail to; the largest is %.3f.\n",
			of, len(margins), r.TargetDays(), largest(margins))
		return
	}
	fmt.Fprintf(b, "\n**%s**: %d of %d target-days had a margin, the largest %.3f. The law of the %d above %.3f has shape %.3f and scale %.3f:\n\n| above | target-days seen | by the law |\n|---|---|---|\n",
		of, len(margins), r.TargetDays(), largest(margins), t.Excesses, t.Threshold, t.Shape, t.Scale)
	for _, row := range t.Rows {
		fmt.Fprintf(b, "| %.2f | %.0f | %.2f |\n", row.Margin, row.Seen, row.Fitted)
	}
	fmt.Fprintf(b, "\nOf %d targets it lets expect %.2g %s a week (95 %% of resamplings: at most %.2g)", month.Installation, t.Weekly, of, t.WeeklyHigh)
	if end := t.End(); end < 1 {
		fmt.Fprintf(b, ": it ends at %.2f", end)
	}
	b.WriteString(".\n")
}

func largest(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	return slices.Max(list)
}
