package app

import (
	"context"
	"fmt"
	"time"

	"downpour/internal/live"
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
		return err
	}
	defer func() {
		if closing := st.Close(); err == nil {
			err = closing
		}
	}()
	p, err := build(ctx, opt, live.Config{Store: st, Clock: utcNow, Step: step})
	if err != nil {
		return err
	}
	return p.run(ctx, func(s *server.Server) string {
		return fmt.Sprintf("Downpour serves %s\nOperators sign in once at %s", s.URL(), s.SignInLink())
	})
}

func utcNow() time.Time { return time.Now().UTC() }
