package server

import (
	"context"
	"io/fs"
	"net/http"
	"path"
	"time"

	"downpour/internal/show/web"
)

// index serves GET /.
func (s *Server) index(w http.ResponseWriter, r *http.Request) error {
	doc, err := s.shared(r.Context(), "index", pageType, func(ctx context.Context, b *pageBuffer) (time.Time, error) {
		view, err := s.backend.IndexView(ctx)
		if err != nil {
			return time.Time{}, err
		}
		view.Frame = s.publicFrame(view.Frame)
		view.Recent = redactSummaries(view.Recent)
		return time.Time{}, s.pages.Index(b, view)
	})
	return sendShared(w, r, doc, err)
}

// service serves GET /s/{service}: the page, the page with thanks for a report
// (?reported=counted), or its live part alone (?fragment=live).
func (s *Server) service(w http.ResponseWriter, r *http.Request) error {
	name, query := r.PathValue("service"), r.URL.Query()
	if query.Get("fragment") == "live" {
		doc, err := s.liveFragment(r.Context(), name)
		return sendShared(w, r, doc, err)
	}
	outcome := web.Outcome(query.Get("reported"))
	if outcome != web.OutcomeCounted && outcome != web.OutcomeReceived {
		outcome = "" // the others are no pages to go on to
	}
	doc, err := s.servicePage(r.Context(), name, outcome, 0)
	return sendShared(w, r, doc, err)
}

// serviceView is the view of a service as the public may see it, shared by all
// that show it, so that page, live part and event tell the same.
func (s *Server) serviceView(ctx context.Context, name string) (web.ServiceView, time.Time, error) {
	return s.views.get(ctx, name, func() (view web.ServiceView, until time.Time, err error) {
		ctx, cancel := s.detached(ctx)
		defer cancel()
		if view, err = s.backend.ServiceView(ctx, name); err != nil {
			return view, until, err
		}
		view.Frame = s.publicFrame(view.Frame)
		return redactService(view), until, nil
	})
}

// liveFragment is the part of a service's page that changes.
func (s *Server) liveFragment(ctx context.Context, name string) (*document, error) {
	return s.shared(ctx, "live "+name, pageType, func(ctx context.Context, b *pageBuffer) (time.Time, error) {
		view, until, err := s.serviceView(ctx, name)
		if err != nil {
			return until, err
		}
		return until, s.pages.ServiceFragment(b, view)
	})
}

// badge serves GET /s/{service}/badge.svg.
func (s *Server) badge(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("service")
	doc, err := s.shared(r.Context(), "badge "+name, "image/svg+xml", func(ctx context.Context, b *pageBuffer) (time.Time, error) {
		view, until, err := s.serviceView(ctx, name)
		if err != nil {
			return until, err
		}
		return until, s.pages.Badge(b, web.BadgeView{Service: view.Service, State: view.State})
	})
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // badges are made to be embedded
	return sendShared(w, r, doc, err)
}

// incident serves GET /incidents/{id}: what is published to everybody, all of it
// to an operator.
func (s *Server) incident(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	w.Header().Add("Vary", "Cookie")
	if s.credentialOf(r).valid {
		view, err := s.backend.IncidentView(r.Context(), id)
		if err != nil {
			return err
		}
		view.Frame = s.operatorFrame(r, view.Frame)
		return s.renderNow(w, http.StatusOK, func(b *pageBuffer) error { return s.pages.Incident(b, view) })
	}
	doc, err := s.shared(r.Context(), "incident "+id, pageType, func(ctx context.Context, b *pageBuffer) (time.Time, error) {
		view, err := s.backend.IncidentView(ctx, id)
		if err != nil {
			return time.Time{}, err
		}
		view.Frame = s.publicFrame(view.Frame)
		return time.Time{}, s.pages.Incident(b, redactIncident(view))
	})
	return sendShared(w, r, doc, err)
}

// privacy serves GET /privacy.
func (s *Server) privacy(w http.ResponseWriter, r *http.Request) error {
	doc, err := s.shared(r.Context(), "privacy", pageType, func(_ context.Context, b *pageBuffer) (time.Time, error) {
		view := s.backend.PrivacyView()
		view.Frame = s.publicFrame(view.Frame)
		return time.Time{}, s.pages.Privacy(b, view)
	})
	return sendShared(w, r, doc, err)
}

// static serves the files that pages need. Their names hold a hash of their
// content, so whoever has one need never ask again.
func (s *Server) staticFile(w http.ResponseWriter, r *http.Request) error {
	doc := s.static[r.PathValue("file")]
	if doc == nil {
		return refuse(http.StatusNotFound, "Not found", "There is nothing at this address.")
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	doc.send(w, r, http.StatusOK)
	return nil
}

// loadStatic compresses and hashes every static file, once.
func loadStatic(files fs.FS) (map[string]*document, error) {
	docs := make(map[string]*document)
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err == nil {
			docs[name] = newDocument(staticType(name), body)
		}
		return err
	})
	return docs, err
}

// staticType is a static file's media type; the machine's own table of types
// must not change what browsers are told.
func staticType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/vnd.microsoft.icon"
	}
	return "application/octet-stream"
}

// live serves GET /livez: the process answers.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) error {
	return writeText(w, "ok\n")
}

// ready serves GET /readyz: requests can be answered. Why not is the operator's
// to read in the log.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	if err := s.backend.Ready(r.Context()); err != nil {
		s.config.Log.Warn("not ready", "cause", err)
		return &problem{Status: http.StatusServiceUnavailable, Title: "Not ready", RetryAfter: busyRetry}
	}
	return writeText(w, "ok\n")
}

func writeText(w http.ResponseWriter, text string) error {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	finish(w, []byte(text))
	return nil
}
