package test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"downpour/internal/testenv"
)

// pictures, if given, is a folder for pictures of the demo's pages:
//
//	go test ./test -run TestDemoTellsTheStory -pictures /tmp/pictures
//
// Its incident.png is the README's: copy it to docs/images.
var pictures = flag.String("pictures", "", "absolute path of a folder for pictures of the demo's pages")

// watchFaults lists what the page's policy forbade and what its scripts threw.
const watchFaults = `window.faults = [];
document.addEventListener("securitypolicyviolation", (e) => faults.push(e.violatedDirective + " " + e.blockedURI));
addEventListener("error", (e) => faults.push(e.message ?? "resource"), true);
addEventListener("unhandledrejection", (e) => faults.push(String(e.reason)));
for (const level of ["error", "warn"]) console[level] = (...a) => faults.push(a.join(" "));`

// browser is a page of headless Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	path := testenv.Need(t, testenv.Chromium())
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return &browser{t, ctx}
}

// do performs actions one after another.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// ask evaluates an expression in the page.
func ask[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	ask[int](b, watchFaults+"0")
}

// clean fails if the page broke its policy or complained.
func (b *browser) clean() {
	b.t.Helper()
	if faults := ask[[]string](b, "faults"); len(faults) > 0 {
		b.t.Error(faults)
	}
}

// fits fails if the page is wider than any screen.
func (b *browser) fits() {
	b.t.Helper()
	for _, width := range []int64{360, 390, 768, 1280} {
		b.do(chromedp.EmulateViewport(width, 900))
		if w := ask[float64](b, "document.documentElement.scrollWidth"); w > float64(width) {
			b.t.Errorf("%s is %v wide on a screen of %d", ask[string](b, "location.pathname"), w, width)
		}
	}
}

// screen keeps the first screen of a page as the README shows it.
func (b *browser) screen(name string) {
	b.t.Helper()
	if *pictures == "" {
		return
	}
	b.do(chromedp.EmulateViewport(1200, 1130))
	b.keep(name, chromedp.CaptureScreenshot())
}

// picture keeps how the page looks at a width, if pictures are wanted.
func (b *browser) picture(name string, width int64) {
	b.t.Helper()
	if *pictures == "" {
		return
	}
	b.do(chromedp.EmulateViewport(width, 900))
	b.keep(name, chromedp.FullScreenshot(100))
}

// keep writes what a camera sees.
func (b *browser) keep(name string, camera chromedp.Action[[]byte]) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, camera)
	if err == nil {
		err = os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestDemoTellsTheStory plays the founding case and reads its pages as a person
// would: four waves, the verdict with its reasons, seven claims, and what is
// synthetic says so.
func TestDemoTellsTheStory(t *testing.T) {
	b := newBrowser(t)
	p := start(t, "demo", "--speed", "20000")
	eventually(t, 60*time.Second, "the fourth wave and its end", func() bool {
		b.open(p.url + "/s/X")
		return ask[bool](b, `(() => { const s = document.body.innerText; return ["20,608", "41,143", "36,064", "19,446"].every((n) => s.includes(n)) && s.includes("No unusual problems") })()`)
	})
	b.picture("service-phone", 390)
	b.picture("service-desktop", 1280)
	b.fits()
	b.reports()
	b.clean()

	b.open(p.url + ask[string](b, `document.querySelector("a[href^='/incidents/']").getAttribute("href")`))
	text := ask[string](b, "document.body.innerText")
	for _, want := range []string{"four waves", "SYN flood", "20,608", "41,143", "36,064", "19,446", "ynthetic", "forged", "Dark Storm Team", "Larry Kudlow"} {
		if !strings.Contains(text, want) {
			t.Errorf("the incident's page does not say %q", want)
		}
	}
	if n := strings.Count(strings.ToLower(text), "graded"); n < 7 {
		t.Errorf("%d claims are graded, want 7: %s", n, text)
	}
	b.screen("incident")
	b.picture("incident-phone", 390)
	b.picture("incident-desktop", 1280)
	b.fits()
	b.darkens()
	b.picture("incident-dark", 1280)
	b.clean()
}

// reports sends a report with scripts and one without, and sees the first
// counted within two seconds.
func (b *browser) reports() {
	b.t.Helper()
	before := ask[string](b, `document.querySelector("#counted").textContent`)
	ask[int](b, `document.querySelector("input[value=login]").click(), document.querySelector("#report button[type=submit]").click(), 0`)
	eventually(b.t, 2*time.Second, "the report is counted", func() bool {
		return ask[string](b, `document.querySelector("#counted").textContent`) != before
	})
	b.clean()
	address := ask[string](b, "location.href")
	b.scripts(false)
	b.do(chromedp.Navigate(address))
	ask[int](b, `document.querySelector("#report button[type=submit]").click(), 0`)
	eventually(b.t, 5*time.Second, "an answer without scripts", func() bool {
		return strings.Contains(ask[string](b, "location.href"), "reported=")
	})
	b.scripts(true)
	b.open(address)
}

// scripts switches the pages' scripts on or off.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.t.Fatal(err)
	}
}

// darkens fails unless the page's ground follows the reader's preference.
func (b *browser) darkens() {
	b.t.Helper()
	const ground = `getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor`
	light := ask[string](b, ground)
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if dark := ask[string](b, ground); dark == light {
		b.t.Errorf("dark and light are both %s", dark)
	}
}
