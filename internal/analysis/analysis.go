// Package analysis is one investigation from beginning to end: it opens what
// was given, runs it through the pipeline and returns the document that says
// what was found.
package analysis

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"time"

	"downpour"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/outage"
	"downpour/internal/detect/web"
	"downpour/internal/enrich"
	"downpour/internal/observe"
	"downpour/internal/observe/export"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/report"
	"downpour/internal/pipeline"
	"downpour/internal/show/document"
)

// Options say what to analyze, and how.
type Options struct {
	Inputs []string  // paths; "-" is Stdin
	Stdin  io.Reader // read for "-"
	// Targets, if any, are the addresses whose attacks matter; all if none.
	Targets []netip.Prefix
	// Service tells to whom an address belongs; nil: one service for all.
	Service func(downpour.Address) (service string, ours bool)
	// Attack is what a configuration says of thresholds; nil: the defaults.
	Attack *attack.Config
	// Web is what a configuration says of requests; nil: the defaults.
	Web *web.Config
	// Reports are paths of counts in CSV, CSV how they are read.
	Reports []string
	CSV     report.CSVOptions
	// Export says what is known of exporters in flow export.
	Export export.Config
	// TrustedProxies are believed about a client's address in web logs.
	TrustedProxies []netip.Prefix
	// Direction in which counts may leave their expectation.
	Direction outage.Direction
	Claims    []downpour.Claim
	Databases enrich.Config
	Places    *enrich.Table // of Databases, for who opened them already; nil: they are opened
	Shards    int
	Version   string
	// Progress, if not nil, is told how much of all inputs has been read.
	Progress func(done, total int64)
}

// farApart is the distance in time above which two inputs can't bear on one
// another.
const farApart = 24 * time.Hour

// Run performs the investigation. Its errors are faults of what was given,
// except those that end with ctx.
func Run(ctx context.Context, opt Options) (*document.Analysis, error) {
	if opt.Export.Ingresses == nil {
		opt.Export.Ingresses = flow.NewIngresses()
	}
	sources, err := open(opt)
	if err != nil {
		return nil, err
	}
	defer closeAll(sources)
	places := opt.Places
	if places == nil {
		if places, err = enrich.Open(opt.Databases); err != nil {
			return nil, err
		}
	}
	p := pipeline.New(settings(opt, places))
	if err := feed(ctx, p, sources, opt.Progress); err != nil {
		return nil, err
	}
	inputs := inputsOf(sources)
	a := &document.Analysis{
		Tool:      document.Tool{Name: "downpour", Version: opt.Version, Databases: places.Databases()},
		Input:     inputs,
		Attacks:   p.Attacks(),
		Outages:   p.Outages(),
		Incidents: p.Incidents(),
		Claims:    p.Claims(),
	}
	a.Notes = p.Notes()
	if distance(inputs) > farApart {
		a.Notes = append(a.Notes, "The inputs lie more than a day apart: what one shows says nothing of the other.")
	}
	return a, nil
}

// settings is the pipeline's configuration for an offline run. The seed is
// fixed, so that the same input gives the same bytes.
func settings(opt Options, places *enrich.Table) pipeline.Config {
	attacks, outages := attack.Default(), outage.Config{}.Default()
	if opt.Attack != nil {
		attacks = *opt.Attack
	}
	attacks.Service = own(opt)
	if opt.Direction != "" {
		outages.Direction = opt.Direction
	}
	requests := web.Default()
	if opt.Web != nil {
		requests = *opt.Web
	}
	return pipeline.Config{
		Shards: opt.Shards, Attack: attacks, Outage: outages, Web: requests,
		Places: places, Ingress: opt.Export.Ingresses.Lookup, Claims: opt.Claims, Traffic: len(opt.Inputs) > 0,
	}
}

// own narrows the service map to the targets that were asked for.
func own(opt Options) func(downpour.Address) (string, bool) {
	if len(opt.Targets) == 0 {
		return opt.Service
	}
	return func(a downpour.Address) (string, bool) {
		service := downpour.DefaultService
		if opt.Service != nil {
			service, _ = opt.Service(a)
		}
		ip := a.Netip()
		for _, t := range opt.Targets {
			if t.Contains(ip) {
				return service, true
			}
		}
		return service, false
	}
}

// feed drives all sources through the pipeline to their ends.
func feed(ctx context.Context, p *pipeline.Pipeline, sources []observe.Source, progress func(done, total int64)) error {
	defer p.Finish()
	merged := observe.Merge(sources...)
	var b observe.Batch
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		err := merged.Next(&b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.Feed(&b)
		if progress != nil {
			progress(consumed(sources))
		}
	}
}

// distance is the longest stretch of time between two neighbouring inputs in
// which neither saw anything.
func distance(inputs []downpour.Input) time.Duration {
	var longest time.Duration
	for i, a := range inputs {
		nearest := time.Duration(-1)
		for j, b := range inputs {
			if i == j || a.Start == nil || b.Start == nil {
				continue
			}
			gap := max(b.Start.Sub(*a.End), a.Start.Sub(*b.End), 0)
			if nearest < 0 || gap < nearest {
				nearest = gap
			}
		}
		longest = max(longest, nearest)
	}
	return longest
}
