//go:build linux

// Command fastnetmon plays the golden cases to FastNetMon in real time, as sFlow of 1:1,000 over
// loopback, and writes down what it bans and when: once as its package configures it, and
// once for each of many thresholds. Each case goes to a host of its own, so that
// all run at once.
//
//	go run ./internal/golden/fastnetmon -write internal/golden/fastnetmon.csv
//
// It needs Linux, root and Debian's package fastnetmon.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"downpour/internal/golden"
	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
)

// What is played of each case, and how.
const (
	sampling = 1000
	before   = 12 * time.Second // it learns nothing, so that this is enough of the quarter of an hour
	played   = 60 * time.Second
	linger   = 8 * time.Second
	full     = 6
	// So many cases are played at once, and never by so much later than they should be:
	// who gets them late gets them at a lower rate.
	atOnce = 40
	behind = 2 * time.Second
)

func main() {
	write := flag.String("write", "", "write the results into this file; else to standard output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *write, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fastnetmon:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, write string, out io.Writer) error {
	if _, err := exec.LookPath("fastnetmon"); err != nil {
		return errors.New("FastNetMon is not installed: apt-get install fastnetmon")
	}
	if os.Geteuid() != 0 {
		return errors.New("FastNetMon needs root")
	}
	parts, err := prepare()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "downpour-fastnetmon-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	parties, err := start(ctx, folder)
	defer func() {
		for _, p := range parties {
			p.end()
		}
	}()
	if err != nil {
		return err
	}
	for some := range slices.Chunk(parts, atOnce) {
		if err := play(ctx, some, parties); err != nil {
			return err
		}
	}
	table, err := results(parts, parties)
	if err != nil {
		return err
	}
	if write == "" {
		_, err := io.WriteString(out, table)
		return err
	}
	return os.WriteFile(write, []byte(table), 0o644) //nolint:gosec // for everybody
}

// part is a case with hosts of its own.
type part struct {
	golden.Replay
	begins time.Time
	begun  time.Time // on the wall's clock
	number int
}

// prepare samples the cases and moves each to its own network.
func prepare() ([]part, error) {
	cases, err := golden.Cases()
	if err != nil {
		return nil, err
	}
	var parts []part
	for i := range cases {
		c := &cases[i]
		if c.Capture == nil || len(c.Capture.Prefixes()) > 0 { // it bans addresses, so that a carpet is none of its
			continue
		}
		r, err := c.Replay(sampling)
		if err != nil {
			return nil, err
		}
		p := part{Replay: r, begins: c.Begins(), number: len(parts)}
		own := netip.PrefixFrom(c.Capture.Host, 24)
		if c.Capture.Host.Is6() {
			own = netip.PrefixFrom(c.Capture.Host, 64)
		}
		p.Samples = slices.DeleteFunc(p.Samples, func(f export.Flow) bool {
			at := time.Unix(0, f.Start)
			return at.Before(p.begins.Add(-before)) || at.After(p.begins.Add(played-before))
		})
		for j := range p.Samples {
			f := &p.Samples[j]
			f.Source, f.Destination = p.moved(f.Source, own), p.moved(f.Destination, own)
			f.Start -= p.begins.Add(-before).UnixNano()
			f.End, f.Exported, f.Frame, f.Pool = f.Start, f.Start, nil, 0
		}
		for j := range p.Attacks {
			p.Attacks[j].Target = p.moved(p.Attacks[j].Target, own)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// moved is the address that stands for one of the case's own network: 10.0.N.x, or
// 2001:db8:N::x.
func (p *part) moved(a netip.Addr, own netip.Prefix) netip.Addr {
	if !own.Contains(a) {
		return a
	}
	if a.Is4() {
		b := a.As4()
		return netip.AddrFrom4([4]byte{10, byte(p.number >> 8), byte(p.number), b[3]})
	}
	b := a.As16()
	b[4], b[5] = byte(p.number>>8)|0x10, byte(p.number)
	return netip.AddrFrom16(b)
}

// play sends the samples of some cases to all parties, each at its time.
func play(ctx context.Context, parts []part, parties []*party) error {
	var all []export.Flow
	for i := range parts {
		all = append(all, parts[i].Samples...)
	}
	slices.SortStableFunc(all, func(a, b export.Flow) int { return cmp.Compare(a.Start, b.Start) })
	e := export.NewEncoder(export.Settings{Version: flow.SFlow5, Sampling: sampling})
	senders, err := sendersTo(ctx, parties)
	defer func() {
		for _, s := range senders {
			_ = s.Close() // nothing is left in it
		}
	}()
	if err != nil {
		return err
	}
	begun := time.Now()
	for i := range parts {
		parts[i].begun = begun
	}
	for some := range slices.Chunk(all, full) {
		at := begun.Add(time.Duration(some[len(some)-1].Start))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Until(at)):
		}
		if late := time.Since(at); late > behind {
			return fmt.Errorf("this machine is %v behind: nothing that is measured so would hold", late)
		}
		messages := export.Messages(e.Flows(nil, at.UnixNano(), some))
		for _, s := range senders {
			if err := s.Send(messages); err != nil {
				return err
			}
		}
	}
	time.Sleep(linger)
	return nil
}

func sendersTo(ctx context.Context, parties []*party) (list []*export.Sender, err error) {
	for _, p := range parties {
		s, err := export.NewSender(ctx, netip.MustParseAddrPort("127.0.0.1:0"), p.listen)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	return list, nil
}

// results are a line for each case and party: when the 20th packet of the attack had
// been sent, and when its target was banned, in milliseconds from the attack's
// beginning; "-" for never.
func results(parts []part, parties []*party) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, measured by go run ./internal/golden/fastnetmon; times in ms from the beginning of the attack or of the usual traffic\n", version())
	b.WriteString("case,benign,target,setting,enough,banned\n")
	for _, p := range parties {
		bans, err := p.bans()
		if err != nil {
			return "", err
		}
		for i := range parts {
			c := &parts[i]
			when := func(target netip.Addr) string {
				at, ok := bans[target]
				if !ok {
					return "-"
				}
				return fmt.Sprint(at.Sub(c.begun.Add(before)).Milliseconds())
			}
			for j := range c.Attacks {
				t := &c.Attacks[j]
				fmt.Fprintf(&b, "%s,false,%d,%s,%d,%s\n", c.Case, j, p.name, c.enough(t.Target, t.Senders), when(t.Target))
			}
			if !c.Benign {
				continue
			}
			banned := "-"
			for _, own := range c.targets() {
				if w := when(own); w != "-" {
					banned = w
				}
			}
			fmt.Fprintf(&b, "%s,true,0,%s,0,%s\n", c.Case, p.name, banned)
		}
	}
	return b.String(), nil
}

// enough is when the 20th packet had been sent.
func (p *part) enough(target netip.Addr, senders map[netip.Addr]bool) int64 {
	n := 0
	for i := range p.Samples {
		if f := &p.Samples[i]; f.Destination == target && senders[f.Source] {
			if n++; n == 20 {
				return (time.Duration(f.Start) - before).Milliseconds()
			}
		}
	}
	return 0
}

// targets are the own addresses that something goes to or comes from.
func (p *part) targets() []netip.Addr {
	seen := map[netip.Addr]bool{}
	for i := range p.Samples {
		for _, a := range []netip.Addr{p.Samples[i].Source, p.Samples[i].Destination} {
			if slices.ContainsFunc(ours, func(n netip.Prefix) bool { return n.Contains(a) }) {
				seen[a] = true
			}
		}
	}
	var list []netip.Addr
	for a := range seen {
		list = append(list, a)
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

func version() string {
	out, err := exec.CommandContext(context.Background(), "fastnetmon", "--version").Output()
	if err != nil {
		return "FastNetMon"
	}
	return strings.TrimSpace(string(out))
}
