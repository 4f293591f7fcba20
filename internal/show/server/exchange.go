package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// requestIDHeader tells the client the id under which its request was logged.
const requestIDHeader = "X-Request-Id"

// exchange is one request with its answer: what log and metrics tell of it.
type exchange struct {
	http.ResponseWriter
	id       string
	route    string // the pattern, never the path
	client   netip.Addr
	operator bool // it came in where operator routes are served
	stream   bool
	status   int
	bytes    int64
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return x
}

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(b)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// accounts gives requests their ids and tells log and metrics what they were.
type accounts struct {
	log        *slog.Logger
	metrics    *metrics
	limit      *rate.Limiter
	boot       string
	next       atomic.Uint64
	suppressed atomic.Uint64
}

func newAccounts(c Config, m *metrics) *accounts {
	return &accounts{
		log: c.Log, metrics: m, boot: NewToken()[:6],
		limit: rate.NewLimiter(rate.Limit(c.Limits.LogLines), 4*c.Limits.LogLines),
	}
}

// handler is the outermost layer: id, headers that every answer bears, recovery
// from panics, and the account.
func (s *Server) handler(routes http.Handler, operator bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.config.Now()
		x := &exchange{
			ResponseWriter: w, operator: operator, route: "none", client: s.config.Client(peer(r), r.Header),
			id: s.accounts.boot + "-" + strconv.FormatUint(s.accounts.next.Add(1), 10),
		}
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
		guardHeaders(w.Header(), x.id)
		defer func() { s.accounts.settle(x, r.Method, s.config.Now().Sub(start)) }()
		defer func() { s.recovered(x, r, recover()) }()
		if !saneHost(r.Host) {
			s.writeProblem(x, r, refuse(http.StatusBadRequest, "The Host header is not a host name", ""))
			return
		}
		routes.ServeHTTP(x, r)
	})
}

// recovered answers 500 for a handler that panicked. The stack goes to the log
// without the panic's value, which may hold what a client sent. The sentinel by
// which a handler cuts a connection goes on to net/http.
func (s *Server) recovered(x *exchange, r *http.Request, cause any) {
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	s.metrics.panics.Inc()
	s.config.Log.Error("a handler panicked", "request", x.id, "route", x.route, "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
	if x.status == 0 {
		s.writeProblem(x, r, problemOf(errAbandoned))
	}
}

// settle tells metrics of a finished exchange, and the log if it has room.
// Answers that are our fault are warnings; the others can be had by debugging.
func (a *accounts) settle(x *exchange, method string, took time.Duration) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	a.metrics.requests.WithLabelValues(x.route, strconv.Itoa(x.status)).Inc()
	a.metrics.bytes.WithLabelValues(x.route).Add(float64(x.bytes))
	if !x.stream {
		a.metrics.duration.WithLabelValues(x.route).Observe(took.Seconds())
	}
	level := slog.LevelDebug
	if x.status >= 500 {
		level = slog.LevelWarn
	}
	if !a.log.Enabled(context.Background(), level) {
		return
	}
	if !a.limit.Allow() {
		a.suppressed.Add(1)
		a.metrics.logSuppressed.Inc()
		return
	}
	a.log.Log(context.Background(), level, "request", "request", x.id, "method", knownMethod(method), "route", x.route,
		"status", x.status, "duration", took, "bytes", x.bytes, "suppressed", a.suppressed.Swap(0))
}

// knownMethod keeps what a client invents out of the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// contentSecurityPolicy lets a page load what this server has as a file, talk
// to it, and nothing else; no inline code runs.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guardHeaders are on every answer, errors included. The referrer stays within
// the site instead of being withheld altogether, because browsers that send no
// Sec-Fetch-Site would then post forms with "Origin: null".
func guardHeaders(h http.Header, id string) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set(requestIDHeader, id)
}

// saneHost accepts host names, IP addresses and ports; everything else in a
// Host header is an attempt at something.
func saneHost(h string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"
	return h != "" && len(h) <= 255 && strings.Trim(h, allowed) == ""
}
