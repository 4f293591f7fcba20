package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// handler answers a request or returns the error to answer with; then it has
// written nothing.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one pattern with its methods. HEAD goes where GET goes.
type route struct {
	pattern   string
	get, post handler
	stream    bool // open as long as the client likes: no Limits.Handle
}

func (s *Server) publicRoutes() []route {
	return []route{
		{pattern: "/{$}", get: s.index},
		{pattern: "/s/{service}", get: s.service},
		{pattern: "/s/{service}/report", post: s.report},
		{pattern: "/s/{service}/events", get: s.events, stream: true},
		{pattern: "/s/{service}/badge.svg", get: s.badge},
		{pattern: "/incidents/{id}", get: s.incident},
		{pattern: "/feed.atom", get: s.feed},
		{pattern: "/privacy", get: s.privacy},
		{pattern: "/static/{file}", get: s.staticFile},
		{pattern: "/api/v1/services", get: s.apiServices},
		{pattern: "/api/v1/services/{service}", get: s.apiService},
		{pattern: "/livez", get: s.live},
		{pattern: "/readyz", get: s.ready},
	}
}

// operatorRoutes ask for a credential, all but signing in.
func (s *Server) operatorRoutes() []route {
	guarded := []route{
		{pattern: "/ops", get: s.ops},
		{pattern: "/ops/sign-out", post: s.signOut},
		{pattern: "/ops/incidents/{id}/publication", post: s.publish},
		{pattern: "/incidents/{id}/attacks/{attack}", get: s.attack},
		{pattern: "/incidents/{id}/attacks/{attack}/{file}", get: s.samples},
		{pattern: "/ops/exporters/{address}/allow", post: s.allowExporter},
		{pattern: "/health/data", get: s.healthData},
		{pattern: "/metrics", get: s.metricsHandler()},
		{pattern: "/api/v1/incidents", get: s.apiIncidents},
		{pattern: "/api/v1/incidents/{id}", get: s.apiIncident},
	}
	for i := range guarded {
		for _, h := range []*handler{&guarded[i].get, &guarded[i].post} {
			if *h != nil {
				*h = s.operatorOnly(*h)
			}
		}
	}
	return append(guarded, route{pattern: "/ops/sign-in", get: s.signIn, post: s.signIn})
}

// routes are what is served behind one listener.
func (s *Server) routes(operator bool) http.Handler {
	mux := http.NewServeMux()
	list := s.publicRoutes()
	if operator {
		list = append(list, s.operatorRoutes()...)
	}
	for _, r := range list {
		mux.Handle(r.pattern, s.serve(r))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, refuse(http.StatusNotFound, "Not found", "There is nothing at this address."))
	})
	return mux
}

// serve runs a route's handler for the method and writes its error.
func (s *Server) serve(of route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		x.route = of.pattern
		h := of.method(r.Method)
		if h == nil {
			s.writeProblem(w, r, &problem{Status: http.StatusMethodNotAllowed, Title: "This address does not take that method", Allow: of.allow()})
			return
		}
		if !of.stream {
			ctx, cancel := context.WithTimeout(r.Context(), s.config.Limits.Handle)
			defer cancel()
			r = r.WithContext(ctx)
		}
		if err := h(w, r); err != nil {
			s.fail(w, r, x, err)
		}
	})
}

// fail answers with an error; one that is our fault goes to the log too.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, x *exchange, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError {
		s.config.Log.Error("a request failed", "request", x.id, "route", x.route, "cause", err)
	}
	if x.status != 0 {
		panic(http.ErrAbortHandler) // half an answer is out: cut it, rather than let it look whole
	}
	s.writeProblem(w, r, p)
}

func (of route) method(m string) handler {
	switch m {
	case http.MethodGet, http.MethodHead:
		return of.get
	case http.MethodPost:
		return of.post
	}
	return nil
}

func (of route) allow() string {
	var methods []string
	if of.get != nil {
		methods = append(methods, http.MethodGet, http.MethodHead)
	}
	if of.post != nil {
		methods = append(methods, http.MethodPost)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}
