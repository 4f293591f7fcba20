package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"downpour/internal/show/web"
)

type pageBuffer = bytes.Buffer

// document is an answer that was rendered once and is sent to many.
type document struct {
	body, zipped []byte
	kind         string // media type
	etag         string
}

const pageType = "text/html; charset=utf-8"

// newDocument compresses and hashes a body, once for all its readers.
func newDocument(kind string, body []byte) *document {
	sum := sha256.Sum256(body)
	d := &document{body: body, kind: kind, etag: `W/"` + hex.EncodeToString(sum[:12]) + `"`}
	var z bytes.Buffer
	zw := gzip.NewWriter(&z)
	_, err := zw.Write(body)
	if errors.Join(err, zw.Close()) == nil && z.Len() < len(body) {
		d.zipped = z.Bytes()
	}
	return d
}

// send answers with the document, or 304 if the client has it. ETags are weak
// because one stands for both encodings.
func (d *document) send(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("ETag", d.etag)
	h.Add("Vary", "Accept-Encoding")
	if status == http.StatusOK && strings.Contains(r.Header.Get("If-None-Match"), d.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := d.body
	if d.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = d.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		finish(w, body)
	}
}

// finish writes the body of an answer. If that fails the client went away, which
// net/http sees by itself.
func finish(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }

// shared is a public page that is the same for all; render may say until when
// what it shows is fresh. The making goes on if the client that caused it leaves,
// since others wait for it.
func (s *Server) shared(ctx context.Context, key, kind string, render func(ctx context.Context, b *pageBuffer) (time.Time, error)) (*document, error) {
	doc, _, err := s.documents.get(ctx, key, func() (*document, time.Time, error) {
		ctx, cancel := s.detached(ctx)
		defer cancel()
		var b pageBuffer
		until, err := render(ctx, &b)
		if err != nil {
			return nil, until, err
		}
		return newDocument(kind, b.Bytes()), until, nil
	})
	return doc, err
}

// detached is a context for work that others wait for too.
func (s *Server) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.config.Limits.Handle)
}

// sendShared answers with a shared page. Browsers ask again each time (and
// mostly get 304); a CDN may hold it as long as we do.
func sendShared(w http.ResponseWriter, r *http.Request, doc *document, err error) error {
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=0, s-maxage=1")
	doc.send(w, r, http.StatusOK)
	return nil
}

// renderNow answers with a page that is for this request alone.
func (s *Server) renderNow(w http.ResponseWriter, status int, render func(b *pageBuffer) error) error {
	var b pageBuffer
	if err := render(&b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", pageType)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	finish(w, b.Bytes())
	return nil
}

// frame is the surroundings of a page for whoever asks.
func (s *Server) frame(r *http.Request) web.Frame {
	f := s.publicFrame(s.backend.Frame())
	if c := s.credentialOf(r); c.valid {
		f.Operator = true
		if c.session != "" {
			f.CSRF = csrfToken(c.session)
		}
	}
	return f
}

// publicFrame completes a backend's frame for pages that all may share: nothing
// in it comes from the request, least of all its Host header.
func (s *Server) publicFrame(f web.Frame) web.Frame {
	f.BaseURL, f.FeedURL, f.Operator, f.CSRF = s.baseURL(), "/feed.atom", false, ""
	return f
}
