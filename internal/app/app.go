// Package app puts the running programs together: serve, which watches services
// from now on, and demo, which replays the founding case. Both are the same
// parts with another clock.
package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"runtime"

	"golang.org/x/sync/errgroup"

	"downpour"
	"downpour/internal/config"
	"downpour/internal/detect/outage"
	"downpour/internal/enrich"
	"downpour/internal/live"
	"downpour/internal/observe/report"
	"downpour/internal/pipeline"
	"downpour/internal/show/server"
	"downpour/internal/show/web"
	"downpour/internal/store/embedded"
)

// Options are what both programs need from the command line.
type Options struct {
	Config  *config.Config
	Out     io.Writer // for the lines that tell where the pages are
	Log     *slog.Logger
	Level   *slog.LevelVar // of Log; a reload changes it
	Version string
	// Reload brings new configurations (SIGHUP); nil if there are none.
	Reload <-chan *config.Config
}

// StartError is what keeps a program from starting: an address, a store or a
// database that it was told to use can't be used. Nothing was taken in yet.
type StartError struct{ Err error }

// Error is the cause in its own words.
func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *StartError) Unwrap() error { return e.Err }

// program is a running Downpour.
type program struct {
	opt    Options
	config *config.Config
	live   *live.Live
	server *server.Server
	client *client
	intake *report.Intake
	// telemetry is nil in a replay.
	telemetry *live.Telemetry
}

// build puts the parts together around live's configuration, which serve and
// demo begin differently.
func build(ctx context.Context, opt Options, st *embedded.Store, lc live.Config) (*program, error) {
	cfg := opt.Config
	places, err := enrich.Open(enrich.Config{Country: cfg.Databases.Country, Network: cfg.Databases.Network})
	if err != nil {
		return nil, err
	}
	p := &program{opt: opt, config: cfg, client: newClient(cfg.HTTP), telemetry: lc.Telemetry}
	if p.intake, err = newIntake(cfg, places); err != nil {
		return nil, err
	}
	lc.Places, lc.Intake, lc.Log, lc.Version = places, p.intake, opt.Log, opt.Version
	lc.Counter = report.NewCounter(lc.Clock(), serviceNames(cfg))
	lc.Services = services(cfg, lc.Services)
	lc.Keep = keep(cfg.Store)
	lc.Store = st
	lc.Kept = func() web.StoreHealth { return kept(st, cfg.Store) }
	lc.Warning = p.client.warning
	lc.Pipeline = pipelineConfig(cfg, places, lc.Pipeline)
	if p.live, err = live.New(ctx, lc); err != nil {
		return nil, err
	}
	pages, err := web.New()
	if err != nil {
		return nil, err
	}
	token, err := operatorToken(cfg.Store.Path)
	if err != nil {
		return nil, err
	}
	p.server, err = server.New(server.Config{
		Listen: cfg.HTTP.Listen, OperatorListen: cfg.HTTP.OperatorListen,
		TrustedProxies: cfg.HTTP.TrustedProxies, Client: p.client.of,
		OperatorToken: token, Log: opt.Log, Collectors: append(p.live.Collectors(), storeCollectors(st)...),
	}, p.live, pages)
	return p, err
}

// run tells where the pages are and runs all parts until ctx ends or one fails.
func (p *program) run(ctx context.Context, lines func(*server.Server) string) error {
	if err := p.server.Open(); err != nil {
		return &StartError{err}
	}
	if _, err := fmt.Fprintln(p.opt.Out, lines(p.server)); err != nil {
		return fmt.Errorf("tell where the pages are: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	// Server and intakes end first: what they still take in, live still counts.
	taking, taken := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error { return p.live.Run(taking) })
	g.Go(func() error { defer taken(); return p.takeIn(ctx) })
	g.Go(func() error { return p.reload(ctx) })
	g.Go(func() error { p.client.tell(ctx, p.opt.Log); return nil })
	return g.Wait()
}

// takeIn runs what takes in from outside until ctx ends or one of them fails.
func (p *program) takeIn(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.server.Run(ctx) })
	if p.telemetry != nil {
		g.Go(func() error { return p.telemetry.Run(ctx) })
	}
	return g.Wait()
}

// pipelineConfig completes what serve or demo said of the pipeline.
func pipelineConfig(cfg *config.Config, places *enrich.Table, pc pipeline.Config) pipeline.Config {
	// Handing flows over to a single shard would only cost; with two, what is fed waits
	// less behind what is judged, although the intakes share their processors.
	pc.Shards, pc.Places = runtime.GOMAXPROCS(0), places
	pc.Attack, pc.Outage = pipeline.AttackConfig(cfg), outage.Config{}.Default()
	pc.Attack.Seed = seed()
	pc.Web = pipeline.WebConfig(cfg)
	pc.Web.Seed = seed()
	pc.Outage.Location = cfg.Services[0].Timezone
	return pc
}

// newIntake makes the intake of reports, which places reporters by the same
// tables as everything else.
func newIntake(cfg *config.Config, places *enrich.Table) (*report.Intake, error) {
	return report.NewIntake(report.IntakeConfig{Services: reportServices(cfg)}, rand.Reader,
		func(a netip.Addr) downpour.Place { return places.Place(downpour.AddressFrom(a)) })
}

func reportServices(cfg *config.Config) []report.Service {
	var out []report.Service
	for _, s := range cfg.Services {
		out = append(out, report.Service{Name: s.Name, Symptoms: s.Symptoms})
	}
	return out
}

// services turns configured services into watched ones; extra, if given, tells
// of the same services what no configuration says (a replay's zone).
func services(cfg *config.Config, extra []live.Service) []live.Service {
	var out []live.Service
	for i, s := range cfg.Services {
		w := live.Service{ID: s.Name, Name: s.Title, RunBy: s.RunBy, Contact: s.Contact}
		if i < len(extra) {
			w.Zone = extra[i].Zone
		}
		for _, symptom := range s.Symptoms {
			w.Symptoms = append(w.Symptoms, web.Symptom{Key: symptom})
		}
		out = append(out, w)
	}
	return out
}

func serviceNames(cfg *config.Config) []string {
	var out []string
	for _, s := range cfg.Services {
		out = append(out, s.Name)
	}
	return out
}
