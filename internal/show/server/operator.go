package server

import (
	"net/http"
	"net/netip"
	"strconv"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"downpour/internal/show/web"
)

// ops serves GET /ops, the operator's home.
func (s *Server) ops(w http.ResponseWriter, r *http.Request) error {
	view, err := s.backend.OpsView(r.Context())
	if err != nil {
		return err
	}
	view.Frame = s.operatorFrame(r, view.Frame)
	return s.renderNow(w, http.StatusOK, func(b *pageBuffer) error { return s.pages.Ops(b, view) })
}

// operatorFrame keeps what the backend knows and adds who asks.
func (s *Server) operatorFrame(r *http.Request, f web.Frame) web.Frame {
	who := s.frame(r)
	f.BaseURL, f.FeedURL, f.Operator, f.CSRF = who.BaseURL, who.FeedURL, who.Operator, who.CSRF
	return f
}

// attack serves GET /incidents/{id}/attacks/{attack}, which names target and sources.
func (s *Server) attack(w http.ResponseWriter, r *http.Request) error {
	view, err := s.backend.AttackView(r.Context(), r.PathValue("id"), r.PathValue("attack"))
	if err != nil {
		return err
	}
	view.Frame, view.Downloads = s.operatorFrame(r, view.Frame), sampleLinks(view)
	return s.renderNow(w, http.StatusOK, func(b *pageBuffer) error { return s.pages.Attack(b, view) })
}

// healthData serves GET /health/data: is my data good?
func (s *Server) healthData(w http.ResponseWriter, r *http.Request) error {
	view, err := s.backend.HealthView(r.Context())
	if err != nil {
		return err
	}
	if !wantsPage(r) {
		return writeJSON(w, http.StatusOK, healthDocumentOf(view))
	}
	view.Frame = s.operatorFrame(r, view.Frame)
	return s.renderNow(w, http.StatusOK, func(b *pageBuffer) error { return s.pages.HealthData(b, view) })
}

// publish serves POST /ops/incidents/{id}/publication: the form's checked boxes
// are what the public may see from now on.
func (s *Server) publish(w http.ResponseWriter, r *http.Request) error {
	id, form := r.PathValue("id"), r.PostForm
	p := web.Publication{Cause: form.Has("cause"), Traffic: form.Has("traffic"), Origin: form.Has("origin"), Claims: form.Has("claims")}
	if err := s.backend.PublishIncident(r.Context(), id, p); err != nil {
		return err
	}
	s.documents.drop("incident " + id)
	s.config.Log.Info("publication of an incident changed", "incident", id, "cause", p.Cause, "traffic", p.Traffic, "origin", p.Origin, "claims", p.Claims)
	redirect(w, "/incidents/"+id)
	return nil
}

// allowExporter serves POST /ops/exporters/{address}/allow: who sends from there
// is accepted.
func (s *Server) allowExporter(w http.ResponseWriter, r *http.Request) error {
	address, err := netip.ParseAddr(r.PathValue("address"))
	if err != nil || address.Zone() != "" || address.IsUnspecified() || address.IsMulticast() {
		return refuse(http.StatusBadRequest, "That is not the address of an exporter", "Allow one that the list of unknown exporters shows.")
	}
	if err := s.backend.AllowExporter(r.Context(), address.Unmap()); err != nil {
		return err
	}
	redirect(w, "/health/data")
	return nil
}

// metricsHandler serves GET /metrics in Prometheus' format.
func (s *Server) metricsHandler() handler {
	h := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
	return func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
}

const (
	defaultIncidents = 50
	maxIncidents     = 500
)

// apiServices serves GET /api/v1/services.
func (s *Server) apiServices(w http.ResponseWriter, r *http.Request) error {
	list, err := s.backend.Services(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache")
	return writeJSON(w, http.StatusOK, struct {
		Services []ServiceStatus `json:"services"`
	}{orEmpty(list)})
}

// apiService serves GET /api/v1/services/{service}.
func (s *Server) apiService(w http.ResponseWriter, r *http.Request) error {
	status, err := s.backend.Service(r.Context(), r.PathValue("service"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache")
	return writeJSON(w, http.StatusOK, status)
}

// apiIncidents serves GET /api/v1/incidents?service=NAME&limit=N.
func (s *Server) apiIncidents(w http.ResponseWriter, r *http.Request) error {
	query, limit := r.URL.Query(), defaultIncidents
	if given := query.Get("limit"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > maxIncidents {
			return refuse(http.StatusBadRequest, "The limit is not a number from 1 to "+strconv.Itoa(maxIncidents), "")
		}
		limit = n
	}
	list, err := s.backend.Incidents(r.Context(), query.Get("service"), limit)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, incidentsDocumentOf(list))
}

// apiIncident serves GET /api/v1/incidents/{id}.
func (s *Server) apiIncident(w http.ResponseWriter, r *http.Request) error {
	record, err := s.backend.Incident(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, record)
}

// orEmpty makes JSON say [] and not null of an empty list.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
