package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"downpour/internal/assess/claim"
	"downpour/internal/config"
	"downpour/internal/demo"
	"downpour/internal/live"
	"downpour/internal/pipeline"
	"downpour/internal/show/server"
	"downpour/internal/show/web"
	"downpour/internal/store/embedded"
)

// demoStep is short, since a quarter of a second of the replay is minutes.
const demoStep = 50 * time.Millisecond

// DemoConfig is the configuration that the demo runs with.
func DemoConfig(listen string) *config.Config {
	c := config.Default()
	c.HTTP.Listen = listen
	s := &c.Services[0]
	s.Name, s.Title = demo.Service, demo.Service
	s.RunBy = "the Downpour demo on this machine"
	return c
}

// Demo replays the founding case at speed times its pace and serves its pages
// until ctx ends. What it stores goes with it.
func Demo(ctx context.Context, opt Options, speed float64) (err error) {
	dir, err := os.MkdirTemp("", "downpour-demo-")
	if err != nil {
		return fmt.Errorf("make a place for the demo's store: %w", err)
	}
	defer os.RemoveAll(dir)
	opt.Config.Store.Path = dir
	st, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // its folder goes too
	claims, err := claim.Load(strings.NewReader(string(demo.Claims)), "claims.yaml")
	if err != nil {
		return err
	}
	clock := live.NewReplayClock(time.Now, demo.Start(), demo.End(), speed)
	p, err := build(ctx, opt, st, live.Config{
		Clock: clock.Now, Step: demoStep, Replay: demo.NewSource(1),
		Services:  []live.Service{{Zone: demo.Zone}},
		Start:     demo.Start(),
		End:       demo.End(),
		Notice:    notice(speed),
		Published: web.Publication{Cause: true, Traffic: true, Origin: true, Claims: true},
		Pipeline:  pipeline.Config{Traffic: true, Synthetic: true, Claims: claims},
	})
	if err != nil {
		return err
	}
	return p.run(ctx, func(s *server.Server) string {
		return fmt.Sprintf("The founding case plays at %s (the day takes %s; Ctrl-C ends it)\nOperators sign in at %s",
			s.URL()+"/s/"+demo.Service, demo.End().Sub(demo.Start())/time.Duration(speed), s.SignInLink())
	})
}

func notice(speed float64) string {
	return fmt.Sprintf("A replay of 10 March 2025 at %.0f times its pace. The marked counts are as the press published them; "+
		"what lies between is interpolated; the usual level and all traffic are synthetic, the traffic made to follow the reports.", speed)
}
