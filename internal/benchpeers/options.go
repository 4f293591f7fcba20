//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"downpour/internal/observe/flow"
)

// options is what is asked of the comparison.
type options struct {
	write    string
	quick    bool
	readings bool
	seconds  float64
	warm     float64
	rates    []float64
	costRate float64 // the one whose memory and ratios are told
	versions []flow.Version
	parties  []string
	sources  []int
	targets  int
	longest  time.Duration
	rounds   int
	seed     uint64
	downpour string
	keep     string
}

func parse(args []string, log io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("benchpeers", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&o.write, "write", "", "write the tables into this file (docs/performance.md)")
	flags.BoolVar(&o.quick, "quick", false, "only the floor and Downpour, for some seconds; fails unless sent = counted + lost")
	flags.BoolVar(&o.readings, "readings", false, "compare ways to read a socket instead: batches, pauses, GRO")
	flags.Float64Var(&o.seconds, "seconds", 1.5, "how long each rate is sent")
	flags.Float64Var(&o.warm, "warm", 2, "how long it is sent at each rate before the costs are measured")
	rates := flags.String("rates", "100000,300000,1000000,2000000", "records/s")
	flags.Float64Var(&o.costRate, "at", 300_000, "the rate whose cost gives the ratios")
	versions := flags.String("versions", "5,9,10,sflow5", "protocols")
	names := flags.String("parties", "", "names of parties, or parts of them; all by default")
	sources := flags.String("sources", "100000,1000000", "hosts that send; of the second number on, parties whose cost does not depend on it and all but the two highest rates are left out")
	flags.IntVar(&o.targets, "targets", 2000, "hosts of the network")
	flags.DurationVar(&o.longest, "longest", time.Second, "longest duration of a flow")
	flags.IntVar(&o.rounds, "rounds", 1, "how often each is measured; the median is told")
	flags.Uint64Var(&o.seed, "seed", 1, "of the generator")
	flags.StringVar(&o.downpour, "downpour", "", "this binary instead of one built from here")
	flags.StringVar(&o.keep, "keep", "", "keep the parties' files in this folder")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if o.quick {
		*rates, *sources, *names, o.seconds, o.rounds = "20000,200000", "10000", "recvmmsg,Downpour", min(o.seconds, 1), 1
		o.warm = 0
		o.costRate = 200_000
	}
	err := o.lists(*rates, *versions, *names, *sources)
	return o, err
}

// lists reads those flags that name several things.
func (o *options) lists(rates, versions, names, sources string) error {
	for _, s := range strings.Split(rates, ",") {
		rate, err := strconv.ParseFloat(s, 64)
		if err != nil || rate <= 0 {
			return fmt.Errorf("-rates: %q is no rate", s)
		}
		o.rates = append(o.rates, rate)
	}
	slices.Sort(o.rates)
	all := []flow.Version{flow.NetFlow5, flow.NetFlow9, flow.IPFIX, flow.SFlow5}
	for _, s := range strings.Split(versions, ",") {
		i := slices.IndexFunc(all, func(v flow.Version) bool { return v.String() == s })
		if i < 0 {
			return fmt.Errorf("-versions: %q is none of 5, 9, 10, sflow5", s)
		}
		o.versions = append(o.versions, all[i])
	}
	for _, s := range strings.Split(sources, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			return fmt.Errorf("-sources: %q is no number", s)
		}
		o.sources = append(o.sources, n)
	}
	if names != "" {
		o.parties = strings.Split(names, ",")
	}
	return nil
}

// all are the parties that could take part, the one that others are compared
// with first, and ours second.
func (o *options) all() []party {
	if o.readings {
		return readings()
	}
	return parties()
}

// wants tells whether a party takes part.
func (o *options) wants(name string) bool {
	return len(o.parties) == 0 || slices.ContainsFunc(o.parties, func(part string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(part))
	})
}
