package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour/internal/show/web"
)

// Server answers HTTP from a Backend. Make it with New, bind it with Open, and
// serve with Run.
type Server struct {
	config      Config
	backend     Backend
	pages       *web.Pages
	static      map[string]*document
	metrics     *metrics
	accounts    *accounts
	connections *connections
	silent      *silent
	sessions    *sessions
	token       digest
	origin      *http.CrossOriginProtection
	documents   *cache[*document]
	views       *cache[web.ServiceView]
	hub         *hub
	doors       []door
}

// door is a listener with what is served behind it.
type door struct {
	listener net.Listener
	server   *http.Server
}

// New makes a server; it binds nothing yet. Its errors say what is wrong with
// the configuration.
func New(c Config, backend Backend, pages *web.Pages) (*Server, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(c.Collectors)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	static, err := loadStatic(pages.Static())
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	s := &Server{
		config: c, backend: backend, pages: pages, static: static, metrics: m,
		accounts: newAccounts(c, m), connections: newConnections(c.Limits, c.TrustedProxies, m.refused), silent: newSilent(),
		sessions: newSessions(c.Limits, c.Now), token: digestOf(c.OperatorToken),
		origin: http.NewCrossOriginProtection(), documents: newCache[*document](c.Now), views: newCache[web.ServiceView](c.Now), hub: newHub(c.Limits, m),
	}
	return s, errors.Join(
		m.gauge("downpour_http_connections", "Connections open now.", s.connections.count),
		m.gauge("downpour_event_subscribers", "Event streams open now.", s.hub.count),
	)
}

// Open binds the listeners, so that a busy port is told before anything else is
// begun. Its errors name the flag to change.
func (s *Server) Open() error {
	public, err := listen(s.config.Listen, "--listen")
	if err != nil {
		return err
	}
	separate := s.config.OperatorListen != ""
	s.doors = append(s.doors, s.door(public, !separate))
	if !separate {
		return nil
	}
	private, err := listen(s.config.OperatorListen, "http.operator_listen")
	if err != nil {
		public.Close()
		s.doors = nil
		return err
	}
	s.doors = append(s.doors, s.door(private, true))
	return nil
}

// door puts bounds and routes behind a listener.
func (s *Server) door(l net.Listener, operator bool) door {
	limits := s.config.Limits
	bounded := boundedListener{l, s.connections}
	return door{
		listener: believing(bounded, s.config.TrustedProxies, limits.ReadHeader),
		server: &http.Server{
			Handler:           s.handler(s.routes(operator), operator),
			ReadHeaderTimeout: limits.ReadHeader, ReadTimeout: limits.Read, WriteTimeout: limits.Write, IdleTimeout: limits.Idle,
			MaxHeaderBytes: limits.Header,
			ConnState:      s.silent.note,
			ErrorLog:       slog.NewLogLogger(complaints{s.metrics}, slog.LevelError),
		},
	}
}

// complaints takes what net/http would log, which names clients' addresses, and
// counts it instead.
type complaints struct{ metrics *metrics }

// Enabled implements slog.Handler.
func (c complaints) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (c complaints) Handle(context.Context, slog.Record) error {
	c.metrics.protocolErrors.Inc()
	return nil
}

// WithAttrs implements slog.Handler.
func (c complaints) WithAttrs([]slog.Attr) slog.Handler { return c }

// WithGroup implements slog.Handler.
func (c complaints) WithGroup(string) slog.Handler { return c }

// Run serves until ctx ends, then lets requests under way finish for at most
// Limits.Shutdown, and returns nil. It opens the listeners if Open has not.
func (s *Server) Run(ctx context.Context) error {
	if s.doors == nil {
		if err := s.Open(); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, d := range s.doors {
		group.Go(func() error {
			if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving %s: %w", d.listener.Addr(), err)
			}
			return nil
		})
	}
	group.Go(func() error { s.watch(ctx); return nil })
	group.Go(func() error {
		<-ctx.Done()
		s.hub.close()
		s.shutdown()
		return nil
	})
	return group.Wait()
}

// shutdown lets requests finish, and cuts those that take too long.
func (s *Server) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Limits.Shutdown)
	defer cancel()
	defer time.AfterFunc(silentGrace, s.silent.close).Stop()
	var all sync.WaitGroup
	for _, d := range s.doors {
		all.Go(func() {
			if err := d.server.Shutdown(ctx); err != nil {
				s.config.Log.Warn("requests under way were cut", "cause", errors.Join(err, d.server.Close()))
			}
		})
	}
	all.Wait()
}

// Close releases the listeners of a server that was opened and never run.
func (s *Server) Close() {
	for _, d := range s.doors {
		d.listener.Close()
	}
}

// watchEvery is how often services with live readers are looked at; with the
// page's own fetch a report shows within two seconds.
const watchEvery = 500 * time.Millisecond

// watch tells live readers what is new, until ctx ends. It asks the backend only
// for services that somebody watches, at a cost that no event rate changes.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, name := range s.hub.services() {
				s.tell(ctx, name)
			}
		}
	}
}

// tell publishes one service's status.
func (s *Server) tell(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Limits.Handle)
	defer cancel()
	view, _, err := s.serviceView(ctx, name)
	if err == nil {
		err = s.hub.publish(name, view.Status(), s.config.Now())
	}
	if err != nil && ctx.Err() == nil {
		s.config.Log.Warn("live readers were not told", "service", name, "cause", err)
	}
}

// Addr is the public listener's address, known after Open.
func (s *Server) Addr() net.Addr { return s.doors[0].listener.Addr() }

// URL is the address of the public pages for a browser on this machine, known
// after Open; empty for a unix socket.
func (s *Server) URL() string { return localURL(s.Addr()) }

// SignInLink is the address that signs the operator in, known after Open; empty
// if the operator's listener is a unix socket, which takes the bearer token.
func (s *Server) SignInLink() string {
	base := localURL(s.doors[len(s.doors)-1].listener.Addr())
	if base == "" {
		return ""
	}
	return base + "/ops/sign-in?token=" + s.config.OperatorToken
}

// localURL is how this machine reaches a listener; one on all addresses is
// reached on loopback.
func localURL(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return ""
	}
	at := t.AddrPort()
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	return "http://" + at.String()
}

// baseURL is the site's address for permanent links: as configured, or the
// listener's where that is one that others could use. Never the Host header,
// which anybody can forge into a page that all share.
func (s *Server) baseURL() string {
	if s.config.PublicURL != "" {
		return strings.TrimSuffix(s.config.PublicURL, "/")
	}
	if t, ok := s.Addr().(*net.TCPAddr); ok && !t.AddrPort().Addr().IsUnspecified() {
		return s.URL()
	}
	return ""
}
