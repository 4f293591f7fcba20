package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

	"downpour"
	"downpour/internal/config"
	"downpour/internal/detect/attack"
	"downpour/internal/pipeline"
	"downpour/internal/store/embedded"
	"downpour/internal/wording"
)

// dryRun tells what the floors of a configuration would have fired on in the stored
// history; nothing if there is none.
func dryRun(ctx context.Context, out io.Writer, cfg *config.Config) error {
	v, err := embedded.OpenView(cfg.Store.Path)
	if err != nil {
		return err
	}
	defer v.Close() //nolint:errcheck // it was only read
	run := attack.NewDryRun(pipeline.AttackConfig(cfg))
	err = v.Traffic(ctx, time.Time{}, time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), func(m []downpour.TrafficMinute) error {
		run.Take(m)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return tellDryRun(out, cfg, run)
}

// longest is how many firings of one floor are told one by one.
const longest = 3

// tellDryRun tells of each floor that would have been passed how often, and the worst.
func tellDryRun(out io.Writer, cfg *config.Config, run *attack.DryRun) error {
	if run.Minutes == 0 {
		return nil
	}
	all := run.Firings()
	told := &lines{out: out}
	told.add("In the stored history, %s to %s (%s), its floors would have been passed %s.",
		run.From.Format(time.DateTime), run.To.Format(time.DateTime+" MST"), length(run.To.Sub(run.From)), timesOf(len(all)))
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Group == all[0].Group && all[n].Class == all[0].Class {
			n++
		}
		told.add("  %s: %s%s", floorName(cfg, &all[0]), timesOf(n), circumstances(all[:n]))
		for i := range all[:min(n, longest)] {
			f := &all[i]
			told.add("    %s, %s for %s: %s", target(f.Target), f.From.Format(time.DateTime), length(f.To.Sub(f.From)), f)
		}
		all = all[n:]
	}
	if told.n > 1 {
		told.add("A rate above its limit is an attack only if the traffic is nobody's usual business: fewer may fire.")
	}
	return told.err
}

// lines are lines of output, up to the first that cannot be written.
type lines struct {
	out io.Writer
	n   int
	err error
}

func (l *lines) add(format string, args ...any) {
	if l.err == nil {
		l.n++
		_, l.err = fmt.Fprintf(l.out, format+"\n", args...)
	}
}

func timesOf(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return wording.Thousands(float64(n)) + " times"
}

// floorName names a floor by its group and class.
func floorName(cfg *config.Config, f *attack.Firing) string {
	if f.Group == 0 {
		return f.Class.Word()
	}
	return cfg.Networks.Groups[f.Group-1].Name + ", " + f.Class.Word()
}

// circumstances tells over how many targets firings are spread, and how many of them
// were told as attacks.
func circumstances(list []attack.Firing) string {
	targets, attacks := map[netip.Prefix]bool{}, 0
	for _, f := range list {
		targets[f.Target] = true
		if f.Attacked {
			attacks++
		}
	}
	says := ""
	if len(targets) > 1 {
		says = fmt.Sprintf(" on %s targets", wording.Thousands(float64(len(targets))))
	}
	switch {
	case attacks == len(list):
		return says + ", told as an attack then"
	case attacks == 0:
		return says + ", never told as an attack then"
	}
	return fmt.Sprintf("%s, %d of them told as attacks then", says, attacks)
}

func target(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// length writes a length of time of whole minutes.
func length(d time.Duration) string {
	switch minutes := int(d.Minutes()); {
	case minutes < 120:
		return wording.Count(minutes, "minute", "minutes")
	case minutes < 48*60:
		return wording.Count(minutes/60, "hour", "hours")
	default:
		return wording.Count(minutes/60/24, "day", "days")
	}
}
