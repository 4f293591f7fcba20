package app

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"downpour/internal/live"
	"downpour/internal/pipeline"
	"downpour/internal/show/server"
	"downpour/internal/store/embedded"
)

// step is how often the running pipeline is brought up to date: a report is to
// be seen counted within two seconds, so a quarter of one is prompt enough.
const step = 250 * time.Millisecond

// Serve watches the configured services until ctx ends.
func Serve(ctx context.Context, opt Options) (err error) {
	st, err := embedded.Open(opt.Config.Store.Path, embedded.Options{})
	if err != nil {
		return &StartError{err}
	}
	defer func() {
		if closing := st.Close(); err == nil {
			err = closing
		}
	}()
	telemetry, err := newTelemetry(ctx, opt.Config, st, opt.Log)
	if err != nil {
		return &StartError{err}
	}
	defer telemetry.Close()
	notifier, err := newNotifier(ctx, &opt, st, utcNow)
	if err != nil {
		return &StartError{err}
	}
	p, err := build(ctx, opt, st, live.Config{
		Clock: utcNow, Notifier: notifier, Step: step, Telemetry: telemetry, Pipeline: pipeline.Config{Ingress: telemetry.Ingresses.Lookup},
	})
	if err != nil {
		return &StartError{err}
	}
	return p.run(ctx, func(s *server.Server) string {
		return fmt.Sprintf("Downpour serves %s\n%s%s", s.URL(), receives(telemetry), signIn(s, opt.Config.Store.Path))
	})
}

// receives tells where flow export is received, in a line of its own.
func receives(t *live.Telemetry) string {
	if t.Flow == nil || len(t.Flow.Bound()) == 0 {
		return ""
	}
	return "Flow export is received on " + t.Flow.String() + "\n"
}

// signIn tells how the operator signs in: by a link, or where the operator's
// routes are on a unix socket, by the token's file.
func signIn(s *server.Server, dir string) string {
	if link := s.SignInLink(); link != "" {
		return "Operators sign in at " + link
	}
	return "The operator's bearer token is in " + filepath.Join(dir, tokenFile)
}

func utcNow() time.Time { return time.Now().UTC() }
