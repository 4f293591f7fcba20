//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
)

// network is where the targets are: of the block for benchmarks (RFC 2544).
const network = "198.18.0.0/21"

// generator says what a sender makes.
type generator struct {
	version          flow.Version
	targets, sources int
	records          int // how many are made; sent over and over
	longest          time.Duration
	seed             uint64
}

// order is one line to a sender: send to an address for a while.
type order struct {
	To      netip.AddrPort `json:"to"`
	Rate    float64        `json:"rate"` // records/s; 0: only what announces templates
	Seconds float64        `json:"seconds"`
}

// sent is its answer.
type sent struct {
	Datagrams uint64  `json:"datagrams"`
	Records   uint64  `json:"records"`
	Seconds   float64 `json:"seconds"`
	Error     string  `json:"error,omitempty"`
}

// send is the generator: it builds all datagrams, says so by an empty answer,
// and then obeys one order a line.
func send(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	var g generator
	flags := flag.NewFlagSet("send", flag.ContinueOnError)
	version := flags.Uint("version", 9, "flow.Version")
	flags.IntVar(&g.targets, "targets", 2000, "hosts of the network")
	flags.IntVar(&g.sources, "sources", 100_000, "hosts that send to them")
	flags.IntVar(&g.records, "records", 200_000, "records made")
	flags.DurationVar(&g.longest, "longest", time.Second, "longest duration of a flow")
	flags.Uint64Var(&g.seed, "seed", 1, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	g.version = flow.Version(*version)
	e, list := g.build(time.Now())
	answers, lines := json.NewEncoder(out), bufio.NewScanner(in)
	if err := answers.Encode(sent{}); err != nil {
		return err
	}
	for next := 0; lines.Scan() && ctx.Err() == nil; {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("an order to the generator: %w", err)
		}
		s, err := o.obey(ctx, e, list, &next)
		if err != nil {
			s.Error = err.Error()
		}
		if err := answers.Encode(s); err != nil {
			return err
		}
	}
	return lines.Err()
}

// build makes all datagrams. Whole ones only, so that each has as many records.
func (g *generator) build(now time.Time) (*export.Encoder, []export.Datagram) {
	e := export.NewEncoder(export.Settings{Version: g.version, Switch: true, TemplatesEvery: 1000})
	load := export.Load{
		Seed: g.seed, Network: netip.MustParsePrefix(network), Targets: g.targets, Sources: g.sources, Longest: g.longest, Interfaces: 4,
	}
	at := now.Truncate(time.Millisecond).UnixNano()
	var list []export.Datagram
	const whole = 30 * 28 * 24 // a multiple of what any version has in a datagram
	for made := 0; made < g.records; made += whole {
		flows := load.Flows(whole, at)
		if g.version == flow.SFlow5 {
			for i := range flows {
				flows[i].Bytes = min(flows[i].Bytes/flows[i].Packets, 1500)
			}
		}
		list = e.Flows(list, at, flows)
	}
	return e, list
}

// obey sends at a rate for a while: each millisecond what is due.
func (o *order) obey(ctx context.Context, e *export.Encoder, list []export.Datagram, next *int) (sent, error) {
	var s sent
	sender, err := export.NewSender(ctx, netip.MustParseAddrPort("127.0.0.1:0"), o.To)
	if err != nil {
		return s, err
	}
	defer func() { _ = sender.Close() }()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if *next = 0; list[0].Records == 0 { // templates first
		if err := o.flush(sender, e, list[:1], time.Now(), &s); err != nil || o.Rate == 0 {
			return s, err
		}
	}
	begun := time.Now()
	end := begun.Add(time.Duration(o.Seconds * float64(time.Second)))
	for now := begun; now.Before(end) && ctx.Err() == nil; now = time.Now() {
		due := uint64(o.Rate * now.Sub(begun).Seconds())
		if s.Records >= due {
			time.Sleep(time.Millisecond)
			continue
		}
		n := 0
		for records := s.Records; records < due && *next+n < len(list) && n < 64; n++ {
			records += uint64(list[*next+n].Records)
		}
		if err := o.flush(sender, e, list[*next:*next+n], now, &s); err != nil {
			return s, err
		}
		if *next += n; *next == len(list) {
			*next = 0
		}
	}
	s.Seconds = time.Since(begun).Seconds()
	return s, nil
}

// flush sends datagrams as of now.
func (o *order) flush(sender *export.Sender, e *export.Encoder, list []export.Datagram, now time.Time, s *sent) error {
	at := now.Truncate(time.Millisecond).UnixNano()
	var messages [64][]byte
	for i := range list {
		d := &list[i]
		at = max(at-(at-d.At)%int64(time.Millisecond), d.At)
		e.Again(d, at)
		messages[i] = d.Message
		s.Records += uint64(d.Records)
	}
	s.Datagrams += uint64(len(list))
	return sender.Send(messages[:len(list)])
}
