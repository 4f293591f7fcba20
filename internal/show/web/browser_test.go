package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"downpour"

	"downpour/internal/testenv"
)

// policy is the Content-Security-Policy that the pages are made for.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// watchViolations is a script of the test's own: it lists what the policy
// forbade and what scripts threw.
const watchViolations = `window.faults = [];
document.addEventListener("securitypolicyviolation", (e) => faults.push(e.violatedDirective + " " + e.blockedURI));
addEventListener("error", (e) => faults.push(e.message ?? "resource"), true);
addEventListener("unhandledrejection", (e) => faults.push(String(e.reason)));`

// newBrowser starts a headless Chromium; the test is skipped where there is none.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	path := testenv.Need(t, testenv.Chromium())
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// script runs JavaScript in the page.
func script[T any](ctx context.Context, t *testing.T, code string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](code))
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return v
}

// eventually waits until a condition in the page holds.
func eventually(ctx context.Context, t *testing.T, condition string, limit time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if script[bool](ctx, t, condition) {
			return
		}
	}
	t.Fatalf("not within %v: %s; the page says %s", limit, condition, script[string](ctx, t, `document.body.innerText`))
}

// stand is a server with one service whose counters the test moves.
func stand(t *testing.T, pages *Pages, counted *atomic.Uint64) *httptest.Server {
	view := func() ServiceView {
		v := foundingService(t)
		v.Zone = nil
		v.Totals = &ReportTotals{Received: counted.Load() + 30, Counted: counted.Load()}
		if counted.Load() > 188 {
			v.State = downpour.StateOK
		}
		return v
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+StaticPrefix, http.StripPrefix(StaticPrefix, http.FileServerFS(pages.Static())))
	mux.HandleFunc("GET /s/x", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		render := pages.Service
		if r.URL.Query().Get("fragment") == "live" {
			render = pages.ServiceFragment
		}
		var b bytes.Buffer
		if err := render(&b, view()); err != nil {
			t.Error(err)
		}
		_, _ = w.Write(b.Bytes()) // the browser may have left by then
	})
	mux.HandleFunc("GET /s/x/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			data, err := json.Marshal(view().Status())
			if err != nil {
				t.Error(err)
			}
			_, _ = fmt.Fprintf(w, "event: status\ndata: %s\n\n", data)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	})
	mux.HandleFunc("POST /s/x/report", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Symptom, Text string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Symptom != "login" {
			t.Errorf("posted %+v, %v", body, err)
		}
		counted.Add(1)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"counted": true}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// TestServicePageLives: a report is sent in place and seen counted, the live
// parts follow the events, and the form stays where the thumb is.
func TestServicePageLives(t *testing.T) {
	ctx := newBrowser(t)
	var counted atomic.Uint64
	counted.Store(187)
	server := stand(t, newPages(t), &counted)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(390, 844), chromedp.Navigate(server.URL+"/s/x")); err != nil {
		t.Fatal(err)
	}
	script[any](ctx, t, watchViolations+"0")
	const where = `document.querySelector("#report").getBoundingClientRect().top`
	before := script[float64](ctx, t, where)
	script[any](ctx, t, `document.querySelector("input[value=login]").click(), document.querySelector("#report button[type=submit]").click(), 0`)
	eventually(ctx, t, `document.querySelector("#outcome").innerText.includes("Counted, thank you.")`, 2*time.Second)
	eventually(ctx, t, `document.querySelector("#counted").textContent === "188"`, 2*time.Second)
	script[any](ctx, t, `(() => { const c = [...document.querySelectorAll(".chart")].find((c) => c.checkVisibility()), b = c.getBoundingClientRect();
		c.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: b.left + b.width / 2, clientY: b.top + 20 })); return 0 })()`)
	eventually(ctx, t, `document.querySelector(".readout")?.textContent.includes(" reports, ")`, time.Second)
	counted.Add(5)
	eventually(ctx, t, `document.querySelector("h1").innerText.includes("No unusual problems")`, 6*time.Second)
	eventually(ctx, t, `document.querySelector("#announce").textContent.includes("No unusual problems")`, time.Second)
	if after := script[float64](ctx, t, where); after < before-1 || after > before+1 {
		t.Errorf("the form moved from %v to %v", before, after)
	}
	if faults := script[[]string](ctx, t, `faults`); len(faults) > 0 {
		t.Error(faults)
	}
}

// TestPagesFitEveryWidth: no page is wider than its screen, each control is
// large enough for a thumb, and exactly one drawing of each chart shows.
func TestPagesFitEveryWidth(t *testing.T) {
	ctx := newBrowser(t)
	pages, static := renderAll(t), newPages(t).Static()
	mux := http.NewServeMux()
	mux.Handle("GET "+StaticPrefix, http.StripPrefix(StaticPrefix, http.FileServerFS(static)))
	for i, r := range pages {
		mux.HandleFunc(fmt.Sprintf("GET /page/%d", i), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.Copy(w, bytes.NewBufferString(r.html))
		})
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	defer server.CloseClientConnections()
	for i, r := range pages {
		if err := chromedp.Do(ctx, chromedp.Navigate(fmt.Sprintf("%s/page/%d", server.URL, i))); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int64{360, 768, 1440} {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
				t.Fatal(err)
			}
			if w := script[float64](ctx, t, `document.documentElement.scrollWidth`); w > float64(width) {
				t.Errorf("%s is %v wide on a screen of %d", r.name, w, width)
			}
			small := script[[]string](ctx, t, `[...document.querySelectorAll("button, summary, nav a, .choices label, .skip ~ header a")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML)`)
			if len(small) > 0 {
				t.Errorf("%s at %d has small targets: %v", r.name, width, small)
			}
			if n := script[int](ctx, t, `[...document.querySelectorAll("figure")].filter((f) => f.querySelector(".chart") && [...f.querySelectorAll(".chart")].filter((c) => c.checkVisibility()).length !== 1).length`); n > 0 {
				t.Errorf("%s at %d shows %d charts twice or not", r.name, width, n)
			}
		}
	}
}
