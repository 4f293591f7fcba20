package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"downpour/internal/config"
	"downpour/internal/observe/report"
	"downpour/internal/show/web"
)

// client tells whom a request is from, by the proxies that the newest
// configuration trusts.
type client struct{ now atomic.Pointer[trust] }

// trust is one configuration's rule and what was noticed under it.
type trust struct {
	proxies report.Proxies
	watch   *report.ProxyWatch
}

func newClient(h config.HTTP) *client {
	c := &client{}
	c.believe(h)
	return c
}

// believe replaces whom to believe. Requests under way end as they began.
func (c *client) believe(h config.HTTP) {
	p := report.Proxies{Trusted: h.TrustedProxies, Header: h.ClientAddressHeader}
	c.now.Store(&trust{proxies: p, watch: report.NewProxyWatch(p)})
}

// of is the client's address of a request from peer.
func (c *client) of(peer netip.Addr, h http.Header) netip.Addr {
	t := c.now.Load()
	remote := peer.String()
	t.watch.Note(remote, h)
	return t.proxies.Client(remote, h)
}

// warning tells of a proxy that should be trusted and is not.
func (c *client) warning() []web.Warning {
	says := c.now.Load().watch.Warning()
	if says == "" {
		return nil
	}
	return []web.Warning{{Title: "All reporters may count as one", Says: says}}
}

// tellEvery is how often the log is told what was noticed.
const tellEvery = 2 * time.Second

// tell logs the warning, once for each configuration, until ctx ends.
func (c *client) tell(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var told *trust
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t := c.now.Load()
		if says := t.watch.Warning(); says != "" && t != told {
			log.Warn("all reporters may count as one", "because", says)
			told = t
		}
	}
}
