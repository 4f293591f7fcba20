package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"downpour"
	"downpour/internal/analysis"
	"downpour/internal/assess/claim"
	"downpour/internal/config"
	"downpour/internal/detect/outage"
	"downpour/internal/enrich"
	"downpour/internal/observe/export"
	"downpour/internal/observe/packet"
	"downpour/internal/observe/report"
	"downpour/internal/pipeline"
	"downpour/internal/show/document"
)

type analyzeCommand struct {
	Format    string        `enum:"text,json" default:"text" help:"How to write the result: text or json."`
	Config    string        `placeholder:"FILE" help:"Configuration whose services and databases apply."`
	Target    []string      `placeholder:"ADDR|PREFIX" help:"Only attacks on these addresses; may be given several times."`
	Reports   []string      `placeholder:"CSV" help:"Counts of users' reports; may be given several times."`
	Bucket    time.Duration `help:"Length of a row of --reports; told from the rows if not given."`
	Timezone  string        `placeholder:"TZ" default:"UTC" help:"Zone of times that name none, in --reports and CSV of nfdump (e.g. America/New_York)."`
	Direction string        `enum:"rise,fall,both" default:"rise" help:"In which direction counts leave their expectation in an outage: rise, fall or both."`
	Claims    string        `placeholder:"YAML" help:"Public claims to assess."`
	ExitCode  bool          `help:"Exit with 10 if an attack was found."`
	Shards    int           `hidden:"" help:"Goroutines that detect; one per processor if 0."`
	Inputs    []string      `arg:"" optional:"" name:"input" help:"Captures of packets or of flow export (pcap, pcapng), raw flow-export payloads, CSV of nfdump, web logs, directories of these; also .gz, .zst; - is standard input."`
}

// Run performs the investigation and writes what it found.
func (c *analyzeCommand) Run(ctx context.Context, io streams) error {
	opt, err := c.options(io)
	if err != nil {
		return wrong(err)
	}
	bar := newProgress(io.err)
	opt.Progress = bar.set
	a, err := analysis.Run(ctx, opt)
	bar.clear()
	if err != nil {
		return wrong(err)
	}
	if err := c.write(a, io.out); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if c.ExitCode && len(a.Attacks) > 0 {
		return errAttack
	}
	return nil
}

func (c *analyzeCommand) write(a *document.Analysis, w io.Writer) error {
	if c.Format == "json" {
		return a.JSON(w)
	}
	return a.Text(w)
}

// options turns flags into what analysis understands.
func (c *analyzeCommand) options(io streams) (analysis.Options, error) {
	opt := analysis.Options{
		Inputs: c.Inputs, Stdin: io.in, Reports: c.Reports,
		Direction: outage.Direction(c.Direction), Shards: c.Shards, Version: buildVersion(),
	}
	if len(c.Inputs) == 0 && len(c.Reports) == 0 {
		return opt, misused("nothing to analyze: name a capture, or counts of reports with --reports")
	}
	if opt.Shards == 0 {
		opt.Shards = runtime.GOMAXPROCS(0)
	}
	if err := c.configure(&opt); err != nil {
		return opt, err
	}
	for _, t := range c.Target {
		p, err := parseTarget(t)
		if err != nil {
			return opt, err
		}
		opt.Targets = append(opt.Targets, p)
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return opt, misused("--timezone %s: there is no such zone; use a name like America/New_York", c.Timezone)
	}
	if c.Bucket < 0 {
		return opt, misused("--bucket %s: a length of time is needed, e.g. 15m", c.Bucket)
	}
	opt.CSV = report.CSVOptions{Bucket: c.Bucket, Location: zone, Service: downpour.DefaultService}
	if c.Claims != "" {
		opt.Claims, err = loadClaims(c.Claims)
	}
	return opt, err
}

// configure applies --config.
func (c *analyzeCommand) configure(opt *analysis.Options) error {
	if c.Config == "" {
		return nil
	}
	cfg, err := loadConfig(c.Config, nil)
	if err != nil {
		return err
	}
	opt.Databases = enrich.Config{Country: cfg.Databases.Country, Network: cfg.Databases.Network}
	thresholds, requests := pipeline.AttackConfig(cfg), pipeline.WebConfig(cfg)
	opt.Attack, opt.Service, opt.Web = &thresholds, thresholds.Service, &requests
	opt.Export.Known = knownExporters(cfg.Flow.Exporters)
	opt.Export.Headers = packet.Options{Decapsulate: cfg.Flow.Decapsulate}
	opt.TrustedProxies = cfg.HTTP.TrustedProxies
	return nil
}

// knownExporters is what the configuration tells of exporters, as files need it.
func knownExporters(list []config.Exporter) map[downpour.Address]export.Known {
	known := map[downpour.Address]export.Known{}
	for _, e := range list {
		k := export.Known{Name: e.Name, Sampling: e.Sampling, Interfaces: map[uint32]export.KnownInterface{}}
		for index, i := range e.Interfaces {
			k.Interfaces[index] = export.KnownInterface{Name: i.Name, Edge: i.Role == "edge"}
		}
		known[downpour.AddressFrom(e.Address)] = k
	}
	return known
}

func loadClaims(path string) ([]downpour.Claim, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, analysis.Plain(err)
	}
	defer f.Close()
	claims, err := claim.Load(f, path)
	return claims, analysis.Plain(err)
}

// parseTarget reads an address or a prefix.
func parseTarget(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, misused("--target %s: neither an address nor a prefix", s)
	}
	return p.Masked(), nil
}

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	return &progress{bar: progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(f),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetDescription("reading"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)}
}

func (p *progress) set(done, total int64) {
	if p.bar == nil {
		return
	}
	if p.bar.GetMax64() != total {
		p.bar.ChangeMax64(total)
	}
	_ = p.bar.Set64(done) // a bar that can't be drawn is no reason to stop
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
