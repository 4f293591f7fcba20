package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
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
	zw, _ := gzip.NewWriterLevel(&z, gzip.BestSpeed) // the level is a valid one
	zw.Write(body)                                   // a buffer takes everything
	zw.Close()
	if z.Len() < len(body) {
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
		w.Write(body) // an error is the client's going away, seen by net/http
	}
}

// pageLife is how long a rendered public page is sent before it is made anew:
// in a service's worst hour a page costs one rendering a second, however many
// read it, and a report still shows within two.
const pageLife = time.Second

// maxPages bounds the rendered pages held; those of services and of the
// incidents that people read now fit, and the oldest goes.
const maxPages = 256

// pageCache holds rendered public pages for pageLife.
type pageCache struct {
	now func() time.Time

	mu    sync.Mutex
	pages map[string]*cachedPage
}

type cachedPage struct {
	mu   sync.Mutex // held while the page is made, so that it is made once
	made time.Time
	doc  *document
}

func newPageCache(now func() time.Time) *pageCache {
	return &pageCache{now: now, pages: make(map[string]*cachedPage)}
}

// get returns the page under a key, made by render if there is none that is
// fresh. Errors are not kept, so addresses that do not exist take no room.
func (c *pageCache) get(key string, render func() (*document, error)) (*document, error) {
	p := c.page(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.doc != nil && c.now().Sub(p.made) < pageLife {
		return p.doc, nil
	}
	doc, err := render()
	if err != nil {
		c.forget(key)
		return nil, err
	}
	p.doc, p.made = doc, c.now()
	return doc, nil
}

func (c *pageCache) page(key string) *cachedPage {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pages[key]
	if p == nil {
		if len(c.pages) >= maxPages {
			clear(c.pages) // all are made anew within a second anyhow
		}
		p = &cachedPage{}
		c.pages[key] = p
	}
	return p
}

func (c *pageCache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pages, key)
}

// shared is a public page that is the same for all. The making goes on if the
// client that caused it leaves, since others wait for it.
func (s *Server) shared(ctx context.Context, key, kind string, render func(ctx context.Context, b *pageBuffer) error) (*document, error) {
	return s.cache.get(key, func() (*document, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Limits.Handle)
		defer cancel()
		var b pageBuffer
		if err := render(ctx, &b); err != nil {
			return nil, err
		}
		return newDocument(kind, b.Bytes()), nil
	})
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
	w.Write(b.Bytes()) // an error is the client's going away, seen by net/http
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
