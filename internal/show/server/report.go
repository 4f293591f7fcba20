package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"time"
	"unicode/utf8"

	"downpour/internal/show/web"
	"downpour/internal/store"
)

// reportBody is what POST /s/{service}/report takes; both fields are optional
// and others are ignored.
type reportBody struct {
	Symptom string `json:"symptom"`
	Text    string `json:"text"`
}

// report serves POST /s/{service}/report.
//
// The answer is 202 once the report is durable, as JSON or, for a browser, as
// the service's page with thanks. That page's Refresh header goes on at once to
// the same page by GET, which takes its place in the history: so a reload sends
// nothing twice, the contract's 202 holds for forms too, and no script is needed.
func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	service := r.PathValue("service")
	receipt, err := s.submit(w, r, service)
	s.metrics.report(outcomeOf(receipt, err))
	if err != nil {
		return s.notKept(w, r, service, err)
	}
	if !wantsPage(r) {
		return writeJSON(w, http.StatusAccepted, receipt)
	}
	outcome := web.OutcomeReceived
	if receipt.Counted {
		outcome = web.OutcomeCounted
	}
	w.Header().Set("Refresh", "0; url=/s/"+url.PathEscape(service)+"?reported="+string(outcome))
	return s.answerReport(w, r, http.StatusAccepted, service, outcome, 0)
}

// submit reads the report and hands it to the intake.
func (s *Server) submit(w http.ResponseWriter, r *http.Request, service string) (Receipt, error) {
	r.Body = http.MaxBytesReader(w, r.Body, s.config.Limits.ReportBody)
	body, err := readReport(r)
	if err != nil {
		return Receipt{}, err
	}
	return s.backend.Submit(r.Context(), Submission{
		Service: service, Symptom: body.Symptom, Text: body.Text,
		Client: client(r), CrossSite: crossSite(r),
	})
}

// readReport reads a form or JSON by its media type; no body is a report that
// says no more than that it fails.
func readReport(r *http.Request) (b reportBody, err error) {
	switch kind := mediaType(r); kind {
	case "application/json":
		err = readJSON(r.Body, &b)
	case "application/x-www-form-urlencoded", "":
		err = formError(r.ParseForm())
		b = reportBody{r.PostForm.Get("symptom"), r.PostForm.Get("text")}
		if kind == "" && err == nil {
			err = nothingMore(r.Body)
		}
	default:
		err = refuse(http.StatusUnsupportedMediaType, "The body is neither a form nor JSON", "Send application/x-www-form-urlencoded or application/json.")
	}
	if err == nil && (!utf8.ValidString(b.Symptom) || !utf8.ValidString(b.Text)) {
		err = refuse(http.StatusBadRequest, "The report is not UTF-8 text", "")
	}
	return b, err
}

// nothingMore refuses a body whose kind was not told.
func nothingMore(body io.Reader) error {
	n, err := io.Copy(io.Discard, body)
	if err == nil && n > 0 {
		err = refuse(http.StatusUnsupportedMediaType, "The request does not say what its body is", "Send Content-Type: application/json or application/x-www-form-urlencoded.")
	}
	return err
}

// readJSON reads exactly one JSON object.
func readJSON(body io.Reader, v *reportBody) error {
	d := json.NewDecoder(body)
	err := d.Decode(v)
	if err == nil {
		var rest json.RawMessage
		if err = d.Decode(&rest); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("more than one value")
		}
	}
	if ofTheBody(err) {
		return err
	}
	return refuse(http.StatusBadRequest, "The body is not one JSON object", `Send {"symptom": "login", "text": "..."}; both are optional.`)
}

// formError turns what url.ParseQuery says into a problem without its text,
// which quotes the client.
func formError(err error) error {
	if err == nil || ofTheBody(err) {
		return err
	}
	return refuse(http.StatusBadRequest, "The form cannot be read", "")
}

// ofTheBody tells errors of reading the body, which have statuses of their own,
// from those of what it says.
func ofTheBody(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge) || errors.Is(err, os.ErrDeadlineExceeded)
}

func mediaType(r *http.Request) string {
	given := r.Header.Get("Content-Type")
	if given == "" {
		return ""
	}
	kind, _, err := mime.ParseMediaType(given)
	if err != nil {
		return "unreadable"
	}
	return kind
}

// outcomeOf labels a report for the metrics.
func outcomeOf(receipt Receipt, err error) (outcome, reason string) {
	var shed *ShedError
	var p *problem
	switch {
	case err == nil && receipt.Counted:
		return string(web.OutcomeCounted), "none"
	case err == nil:
		return string(web.OutcomeReceived), receipt.Reason
	case errors.As(err, &shed):
		return string(web.OutcomeShed), shed.Reason
	case errors.Is(err, store.ErrBusy):
		return string(web.OutcomeShed), "store busy"
	case errors.As(err, &p):
		return string(web.OutcomeRefused), http.StatusText(p.Status)
	}
	return string(web.OutcomeRefused), http.StatusText(problemOf(err).Status)
}

// notKept answers for a report that was not kept. A browser gets the service's
// page if the report was shed, since trying again from there is what helps.
func (s *Server) notKept(w http.ResponseWriter, r *http.Request, service string, err error) error {
	p := problemOf(err)
	if p.RetryAfter == 0 || !wantsPage(r) {
		return err
	}
	w.Header().Set("Retry-After", p.seconds())
	return s.answerReport(w, r, p.Status, service, web.OutcomeShed, p.RetryAfter)
}

// answerReport answers a posted form by the service's page. It is shared
// by all of one outcome, so that a flood of forms renders no more pages than a
// flood of readers.
func (s *Server) answerReport(w http.ResponseWriter, r *http.Request, status int, service string, o web.Outcome, retry time.Duration) error {
	doc, err := s.servicePage(r.Context(), service, o, retry)
	if err != nil {
		return err
	}
	doc.send(w, r, status)
	return nil
}

// servicePage is the page of a service after a report of that outcome.
func (s *Server) servicePage(ctx context.Context, service string, o web.Outcome, retry time.Duration) (*document, error) {
	retry = min(retry.Truncate(time.Minute)+time.Minute, time.Hour) // few enough kinds of page to hold
	if o != web.OutcomeShed {
		retry = 0
	}
	key := fmt.Sprintf("service %s %s %s", o, retry, service)
	return s.shared(ctx, key, pageType, func(ctx context.Context, b *pageBuffer) (time.Time, error) {
		view, until, err := s.serviceView(ctx, service)
		if err != nil {
			return until, err
		}
		view.Outcome, view.RetryAfter = o, retry
		return until, s.pages.Service(b, view)
	})
}
