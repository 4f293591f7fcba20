//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"downpour/internal/observe/flow"
)

// result is one measurement.
type result struct {
	party    string
	version  flow.Version
	sources  int
	rate     float64 // asked for, records/s
	sent     sent
	counted  uint64
	reported uint64 // lost, by its own word
	cpu      time.Duration
	memory   uint64
	by       string
	err      error
}

// cost is CPU seconds a million records that were sent.
func (r *result) cost() float64 { return r.cpu.Seconds() / float64(r.sent.Records) * 1e6 }

// lost is what was sent and not counted.
func (r *result) lost() uint64 { return r.sent.Records - min(r.counted, r.sent.Records) }

// reached tells whether the generator sent as fast as it was asked to.
func (r *result) reached() bool {
	return float64(r.sent.Records) > 0.97*r.rate*r.sent.Seconds
}

// bench is a comparison under way.
type bench struct {
	o       *options
	folder  string
	log     io.Writer
	place   place
	results []result
	absent  []string // parties that are not installed
}

// compare measures all and prints the tables.
func compare(ctx context.Context, o *options, out, log io.Writer) error {
	folder, err := os.MkdirTemp(o.keep, "benchpeers-")
	if err != nil {
		return err
	}
	if o.keep == "" {
		defer os.RemoveAll(folder)
	}
	b := &bench{o: o, folder: folder, log: log}
	if err := b.build(ctx); err != nil {
		return err
	}
	limits, restore := raiseLimits(log)
	defer restore()
	m := machine(limits)
	for i, sources := range o.sources {
		for _, v := range o.versions {
			if err := b.protocol(ctx, v, sources, i > 0); err != nil {
				return err
			}
		}
	}
	m.loadAfter = load()
	b.document(out, m)
	if o.write != "" {
		var text strings.Builder
		b.document(&text, m)
		if err := splice(o.write, text.String()); err != nil {
			return err
		}
	}
	if o.quick {
		return b.addUp()
	}
	return nil
}

// build makes the binaries that are not installed.
func (b *bench) build(ctx context.Context) error {
	b.place.downpour = b.o.downpour
	if b.place.downpour == "" {
		b.place.downpour = filepath.Join(b.folder, "downpour")
		if err := b.goBuild(ctx, b.place.downpour, "./cmd/downpour"); err != nil {
			return err
		}
	}
	if b.o.wants("goflow2") && !b.o.readings {
		b.place.goflow2 = filepath.Join(b.folder, "goflow2")
		if err := b.goBuild(ctx, "-modfile=tools/peers.mod", b.place.goflow2, "github.com/netsampler/goflow2/v2/cmd/goflow2"); err != nil {
			fmt.Fprintln(b.log, "goflow2 is left out:", err)
			b.place.goflow2 = ""
		}
	}
	return nil
}

// goBuild builds a package (the last) as a program (the last but one).
func (b *bench) goBuild(ctx context.Context, args ...string) error {
	n := len(args)
	args = slices.Concat([]string{"build"}, args[:n-2], []string{"-o", args[n-2], args[n-1]})
	out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go %s: %s", strings.Join(args, " "), strings.TrimSpace(string(out)))
	}
	return nil
}

// protocol measures each party with one protocol. few leaves out those whose
// cost does not depend on the number of sources, and all but the two highest rates.
func (b *bench) protocol(ctx context.Context, v flow.Version, sources int, few bool) error {
	s, err := startSender(ctx, b.folder, generator{
		version: v, targets: b.o.targets, sources: sources, records: max(sources, 100_000), longest: b.o.longest, seed: b.o.seed,
	})
	if err != nil {
		return err
	}
	defer s.end()
	for _, p := range b.o.all() {
		if !p.speaks(v) || !b.o.wants(p.name) || few && p.stores {
			continue
		}
		if !p.installed() || p.name == "goflow2" && b.place.goflow2 == "" {
			if !slices.Contains(b.absent, p.name) {
				b.absent = append(b.absent, p.name)
			}
			continue
		}
		rates := b.o.rates
		if few {
			rates = rates[max(0, len(rates)-2):]
		}
		for _, rate := range rates {
			r, err := b.median(ctx, &p, s, v, sources, rate)
			if err != nil {
				return err
			}
			b.results = append(b.results, r)
			if r.err != nil || r.lost() > r.sent.Records/20 || !r.reached() {
				break // it does not get better at higher rates
			}
		}
	}
	return nil
}

// median measures several times and takes the one of median cost; the most that
// was lost in any is told.
func (b *bench) median(ctx context.Context, p *party, s *sender, v flow.Version, sources int, rate float64) (result, error) {
	var list []result
	for range b.o.rounds {
		r := b.measure(ctx, p, s, v, sources, rate)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		fmt.Fprintln(b.log, r.line())
		if list = append(list, r); r.err != nil {
			return r, nil //nolint:nilerr // it is part of the result
		}
	}
	slices.SortFunc(list, func(a, b result) int { return int(a.cpu - b.cpu) })
	r := list[len(list)/2]
	for i := range list {
		if list[i].lost() > r.lost() {
			r.counted = r.sent.Records - min(list[i].lost(), r.sent.Records)
		}
		r.memory = max(r.memory, list[i].memory)
	}
	return r, nil
}

// measure starts a party, sends, lets it settle, and reads its count.
func (b *bench) measure(ctx context.Context, p *party, s *sender, v flow.Version, sources int, rate float64) result {
	r := result{party: p.name, version: v, sources: sources, rate: rate}
	r.err = b.fill(ctx, &r, p, s)
	return r
}

// fill measures what a result says.
func (b *bench) fill(ctx context.Context, r *result, p *party, s *sender) (err error) {
	at := b.place
	at.version = r.version
	if at.folder, err = os.MkdirTemp(b.folder, "party-"); err != nil {
		return err
	}
	if at.listen, err = freePort(ctx, "udp"); err != nil {
		return err
	}
	if at.other, err = freePort(ctx, "tcp"); err != nil {
		return err
	}
	receiver, err := p.start(ctx, &at)
	if receiver != nil {
		defer receiver.stop()
	}
	if err != nil {
		return err
	}
	pids := receiver.family()
	send := func(rate, seconds float64) (sent, error) {
		settle(ctx, pids)
		return s.send(order{To: receiver.to, Rate: rate, Seconds: seconds})
	}
	templates, err := send(0, 0) // whoever allocates at the first datagram does so now
	if err != nil {
		return err
	}
	// What is touched for the first time, and learnt, is paid for once.
	var warm sent
	if b.o.warm > 0 {
		if warm, err = send(r.rate, b.o.warm); err != nil {
			return err
		}
	}
	settle(ctx, pids)
	pids = receiver.family()
	before := cpu(pids)
	if r.sent, err = s.send(order{To: receiver.to, Rate: r.rate, Seconds: b.o.seconds}); err != nil {
		return err
	}
	settle(ctx, pids)
	r.cpu, r.memory, r.by = cpu(pids)-before, peak(pids), receiver.by
	r.counted, r.reported, err = receiver.counted()
	if receiver.datagrams {
		missing := templates.Datagrams + warm.Datagrams + r.sent.Datagrams - r.counted
		r.counted = r.sent.Records - min(missing*recordsOf(r.version), r.sent.Records)
	} else {
		r.counted -= min(warm.Records, r.counted)
	}
	return err
}

// addUp fails unless all that was sent was counted or is known to be lost.
func (b *bench) addUp() error {
	var errs []error
	for i := range b.results {
		r := &b.results[i]
		if r.err != nil {
			errs = append(errs, fmt.Errorf("%s, %s: %w", r.party, r.version, r.err))
		} else if r.sent.Records == 0 || r.counted+r.reported != r.sent.Records {
			errs = append(errs, fmt.Errorf("%s, %s at %.0f records/s: %d sent, %d counted, %d told as lost", r.party, r.version, r.rate,
				r.sent.Records, r.counted, r.reported))
		}
	}
	return errors.Join(errs...)
}

func (r *result) line() string {
	if r.err != nil {
		return fmt.Sprintf("%-26s %-7s %8.0f/s  %v", r.party, r.version, r.rate, r.err)
	}
	return fmt.Sprintf("%-26s %-7s %8.0f/s  sent %9d in %.2f s, counted %9d, lost %d; %.3f CPU s a million, %d MB", r.party, r.version, r.rate,
		r.sent.Records, r.sent.Seconds, r.counted, r.lost(), r.cost(), r.memory>>20)
}
