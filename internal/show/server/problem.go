package server

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"downpour/internal/show/web"
	"downpour/internal/store"
)

// problem is an error with its HTTP status, written as an RFC 9457 problem
// document or as a page.
type problem struct {
	Status     int
	Title      string
	Detail     string
	RetryAfter time.Duration
	Allow      string // of 405
}

// Error implements error.
func (p *problem) Error() string { return p.Title }

func refuse(status int, title, detail string) *problem {
	return &problem{Status: status, Title: title, Detail: detail}
}

// busyRetry is when to come back to a full store or event stream: long enough
// for the committer to catch up with its queue.
const busyRetry = 5 * time.Second

// problemOf maps an error to a problem: the one place where kinds of errors meet
// HTTP statuses. Unknown errors show nothing of themselves.
func problemOf(err error) *problem {
	var p *problem
	var shed *ShedError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, store.ErrNotFound):
		return refuse(http.StatusNotFound, "Not found", "There is nothing at this address.")
	case errors.As(err, &shed):
		return &problem{Status: http.StatusTooManyRequests, Title: "Too many reports from your network", Detail: "Your earlier reports are kept. Please try again later.", RetryAfter: shed.After}
	case errors.Is(err, store.ErrBusy):
		return &problem{Status: http.StatusServiceUnavailable, Title: "Too many reports at the moment", Detail: "This report was not kept. Please try again in a moment.", RetryAfter: busyRetry}
	case errors.As(err, &tooLarge):
		return refuse(http.StatusRequestEntityTooLarge, "The request is too large", "At most "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes are taken.")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "The request came too slowly", "")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &problem{Status: http.StatusServiceUnavailable, Title: "The answer took too long", Detail: "Please try again in a moment.", RetryAfter: busyRetry}
	}
	return refuse(http.StatusInternalServerError, "Something went wrong here", "It was logged under the request's id.")
}

// seconds is a Retry-After value: whole seconds, rounded up, at least one.
func (p *problem) seconds() string {
	return strconv.Itoa(max(1, int(math.Ceil(p.RetryAfter.Seconds()))))
}

// writeProblem answers with p: a page to a browser that asks for one, the
// problem document to everybody else.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", p.seconds())
	}
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	if wantsPage(r) {
		view := web.ProblemView{Frame: s.frame(r), Status: p.Status, Title: p.Title, Detail: p.Detail, RetryAfter: p.RetryAfter}
		if s.renderNow(w, p.Status, func(b *pageBuffer) error { return s.pages.Problem(b, view) }) == nil {
			return
		}
	}
	_ = writeJSONAs(w, p.Status, "application/problem+json", problemDocument{ // texts and a number: it can be marshalled
		Type: "about:blank", Title: p.Title, Status: p.Status, Detail: p.Detail,
		Instance: "urn:downpour:request:" + h.Get(requestIDHeader),
	})
}

// problemDocument is RFC 9457, section 3.1. Its type is about:blank because the
// status says what kind of problem it is (section 4.2.1).
type problemDocument struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance"`
}

// wantsPage tells whether the client is a browser that shows what it gets: it
// names text/html, and the address is not one of the API.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api/")
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	return writeJSONAs(w, status, "application/json", v)
}

func writeJSONAs(w http.ResponseWriter, status int, contentType string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	finish(w, append(body, '\n'))
	return nil
}
