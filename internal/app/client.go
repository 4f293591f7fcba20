package app

import (
	"net/http"
	"net/netip"
	"sync/atomic"

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
