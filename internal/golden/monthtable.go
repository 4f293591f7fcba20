package golden

import (
	"context"
	"fmt"
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
through the detector with the figures that Downpour stands by. The first day teaches, its first hours rising from nothing, and
does not count; a detector that starts amid a network's traffic is another matter.
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
	days := float64(max(r.TargetDays(), 1))
	fmt.Fprintf(&b, "\n%d targets for %d days are %d target-days (%d sampled packets): %d false alarms, %.2f per 1,000 target-days;\n%d of them of partial severity or more.\n",
		r.Targets, r.Days, r.TargetDays(), r.Samples, len(r.Alarms), 1000*float64(len(r.Alarms))/days, notified)
	b.WriteString("\n| network | targets | sampled packets | false alarms | largest margin |\n|---|---|---|---|---|\n")
	for _, n := range r.Networks {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %.2f |\n", n.Name, n.Targets, n.Samples, n.Alarms, n.Largest)
	}
	if len(r.Alarms) > 0 {
		b.WriteString("\n| false alarm | at | amid | rule that fired |\n|---|---|---|---|\n")
		for _, a := range r.Alarms {
			fmt.Fprintf(&b, "| %s, %s | %s | %s | %s |\n", a.Network, a.Member, a.At.Format("Mon 15:04"), strings.TrimSpace(a.Episode), a.Says)
		}
	}
	tailText(&b, r)
	return Section{Title: titleMonth, Body: b.String()}
}

// tailText says what is to be expected beyond what was simulated.
func tailText(b *strings.Builder, r *month.Result) {
	fmt.Fprintf(b, "\nThe margin is the alarm's own statistic: by how many times the lower limit of what is hostile is the limit; an alarm is raised\nfrom 1 on, and is of partial severity, which is notified, from %d on. %d of %d target-days had any.\n", month.Notified, len(r.Margins), r.TargetDays())
	t, ok := month.TailOf(r.Margins, r.TargetDays())
	if !ok {
		fmt.Fprintf(b, "Too few to fit a tail to; the largest is %.3f. With no alarm in n target-days, their rate is below 3/n with 95 %% confidence:\nbelow %.0f a week among %d targets.\n",
			largest(r.Margins), 3/float64(max(r.TargetDays(), 1))*month.Installation*7, month.Installation)
		return
	}
	fmt.Fprintf(b, "A generalised Pareto law (probability-weighted moments) of the %d above %.3f has shape %.3f and scale %.3f:\n\n| margin above | target-days seen | by the law |\n|---|---|---|\n",
		t.Excesses, t.Threshold, t.Shape, t.Scale)
	for _, row := range t.Rows {
		fmt.Fprintf(b, "| %.2f | %.0f | %.2f |\n", row.Margin, row.Seen, row.Fitted)
	}
	fmt.Fprintf(b, "\nOf %d targets in a week the law lets expect %.3g false alarms (95 %% of resamplings: at most %.3g), and %.3g false\nnotifications (at most %.3g).\n",
		month.Installation, t.Alarms, t.AlarmsHigh, t.Notifications, t.NotificationsHigh)
}

func largest(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	return slices.Max(list)
}
