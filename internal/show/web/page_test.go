package web

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"downpour"
)

// rendering is one page in one state.
type rendering struct {
	name string
	html string
}

func newPages(t testing.TB) *Pages {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// renderAll renders every page in each of its states.
func renderAll(t testing.TB) []rendering {
	p := newPages(t)
	var out []rendering
	add := func(name string, render func(*bytes.Buffer) error) {
		var b bytes.Buffer
		if err := render(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, rendering{name, b.String()})
	}
	service := func(name string, v ServiceView) {
		add("service "+name, func(b *bytes.Buffer) error { return p.Service(b, v) })
	}
	for _, s := range []downpour.State{downpour.StateOK, downpour.StateReported, downpour.StateConfirmed, downpour.StateMaintain, downpour.StateUnknown, "odd"} {
		v, quiet := foundingService(t), quietService()
		v.State, quiet.State = s, s
		service("founding "+string(s), v)
		service("quiet "+string(s), quiet)
	}
	for _, o := range []Outcome{OutcomeCounted, OutcomeReceived, OutcomeShed, OutcomeRefused} {
		v := newService()
		v.Outcome, v.RetryAfter = o, time.Minute
		service("outcome "+string(o), v)
	}
	service("new", newService())
	service("long name", longName())
	service("hostile", hostileService(t))
	incident := foundingIncidentView(t)
	add("incident", func(b *bytes.Buffer) error { return p.Incident(b, incident) })
	hidden := incident
	hidden.Published = Publication{}
	add("incident unpublished", func(b *bytes.Buffer) error { return p.Incident(b, hidden) })
	operator := hidden
	operator.Operator, operator.CSRF = true, "token"
	add("incident operator", func(b *bytes.Buffer) error { return p.Incident(b, operator) })
	add("incident bare", func(b *bytes.Buffer) error {
		return p.Incident(b, IncidentView{Frame: operator.Frame, Incident: downpour.Incident{ID: "a", Start: incident.Now, End: incident.Now}})
	})
	attacks := attackViews()
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		add("attack "+name, func(b *bytes.Buffer) error { return p.Attack(b, attacks[name]) })
	}
	ops := opsView(foundingFrame(t))
	add("ops", func(b *bytes.Buffer) error { return p.Ops(b, ops) })
	add("ops empty", func(b *bytes.Buffer) error { return p.Ops(b, OpsView{Frame: ops.Frame, FlowListen: "203.0.113.9"}) })
	add("health", func(b *bytes.Buffer) error {
		return p.HealthData(b, HealthView{Frame: ops.Frame, Inputs: ops.Inputs, Warnings: ops.Warnings, Shed: []Shed{{"intake", "limit", 12}},
			Databases: []downpour.Database{{Name: "geo", Built: "2026-11-01"}}, Store: &StoreHealth{Path: "./downpour-data", Bytes: 1 << 20, Budget: 2 << 30, OldestReport: &ops.Now, CheckedAt: &ops.Now}})
	})
	add("health flow", func(b *bytes.Buffer) error {
		return p.HealthData(b, HealthView{Frame: ops.Frame, Inputs: ops.Inputs, Flow: flowHealth(ops.Frame)})
	})
	add("health flow empty", func(b *bytes.Buffer) error {
		return p.HealthData(b, HealthView{Frame: ops.Frame, Flow: &FlowHealth{Listen: []string{"udp://0.0.0.0:2055"}, UnknownDatagrams: 3,
			Setup: []SetupLines{{"Cisco", "flow exporter DOWNPOUR", "A note."}}}})
	})
	add("health empty", func(b *bytes.Buffer) error { return p.HealthData(b, HealthView{Frame: ops.Frame}) })
	add("index", func(b *bytes.Buffer) error {
		return p.Index(b, IndexView{Frame: newService().Frame, Services: ops.Services, Recent: ops.Ongoing})
	})
	add("index empty", func(b *bytes.Buffer) error { return p.Index(b, IndexView{}) })
	add("privacy", func(b *bytes.Buffer) error {
		return p.Privacy(b, PrivacyView{Contact: "privacy@example.net", ReportsKept: 90 * 24 * time.Hour})
	})
	add("sign-in", func(b *bytes.Buffer) error {
		return p.SignIn(b, SignInView{Action: "/ops/sign-in", Next: "/ops", Failed: true})
	})
	add("problem", func(b *bytes.Buffer) error {
		return p.Problem(b, ProblemView{Status: 404, Title: "No service is called nope"})
	})
	return out
}

// voids are elements that have no end tag (HTML, 13.1.2).
func voids() map[string]bool {
	return map[string]bool{"meta": true, "link": true, "input": true, "br": true, "img": true}
}

// TestPagesAreWellFormed reads each page as a stream of tags: every element is
// closed in order, ids are unique, labels and references point to something,
// nothing is inline that the Content-Security-Policy forbids.
func TestPagesAreWellFormed(t *testing.T) {
	for _, r := range renderAll(t) {
		t.Run(r.name, func(t *testing.T) {
			for _, fault := range faultsOf(r.html) {
				t.Error(fault)
			}
		})
	}
}

func faultsOf(page string) (out []string) {
	fault := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	var open []string
	ids, refs := map[string]bool{}, map[string]string{}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if len(open) > 0 {
				fault("not closed: %v", open)
			}
			for ref, from := range refs {
				if !ids[ref] {
					fault("%s points to %q, which is not there", from, ref)
				}
			}
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if kind == html.StartTagToken && !voids()[tok.Data] {
				open = append(open, tok.Data)
			}
			checkTag(tok, ids, refs, fault)
		case html.EndTagToken:
			name := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				fault("</%s> closes %v", name, open)
				return out
			}
			open = open[:len(open)-1]
		}
	}
}

func checkTag(tok html.Token, ids map[string]bool, refs map[string]string, fault func(string, ...any)) {
	attrs := map[string]string{}
	for _, a := range tok.Attr {
		if _, twice := attrs[a.Key]; twice {
			fault("%s has %s twice", tok.Data, a.Key)
		}
		attrs[a.Key] = a.Val
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			fault("inline %s=%q", a.Key, a.Val)
		}
		if strings.Contains(a.Val, "ZgotmplZ") {
			fault("filtered value in %s", a.Key)
		}
	}
	if id := attrs["id"]; id != "" {
		if ids[id] {
			fault("id %q twice", id)
		}
		ids[id] = true
	}
	switch tok.Data {
	case "style":
		fault("inline style element")
	case "script":
		if !strings.HasPrefix(attrs["src"], StaticPrefix) {
			fault("script from %q", attrs["src"])
		}
	case "label":
		if attrs["for"] != "" {
			refs[attrs["for"]] = "label"
		}
	case "svg":
		if attrs["aria-hidden"] != "true" && (attrs["role"] != "img" || attrs["aria-label"] == "") {
			fault("a drawing without a text alternative")
		}
	case "link":
		if attrs["rel"] == "stylesheet" && !regexp.MustCompile(`^/static/style\.[0-9a-f]{8}\.css$`).MatchString(attrs["href"]) {
			fault("style sheet at %q", attrs["href"])
		}
	}
	if fill := attrs["fill"]; strings.HasPrefix(fill, "url(#") {
		refs[strings.TrimSuffix(strings.TrimPrefix(fill, "url(#"), ")")] = "fill"
	}
}

// TestServicePageIsLight keeps the promise of pages for bad networks.
func TestServicePageIsLight(t *testing.T) {
	const most = 30_000
	for _, r := range renderAll(t) {
		if strings.HasPrefix(r.name, "service ") && len(r.html) > most {
			t.Errorf("%s has %d bytes, more than %d", r.name, len(r.html), most)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	for _, r := range renderAll(t) {
		if strings.Contains(r.html, "<script>") || strings.Contains(r.html, "<img") {
			t.Errorf("%s lets markup through", r.name)
		}
	}
	var b bytes.Buffer
	if err := newPages(t).Badge(&b, BadgeView{ServiceRef{ID: "x", Name: hostile}, downpour.StateOK}); err != nil || strings.Contains(b.String(), "<script") {
		t.Errorf("badge: %v %s", err, &b)
	}
}

func TestSameViewSameBytes(t *testing.T) {
	first, second := renderAll(t), renderAll(t)
	for i := range first {
		if first[i].html != second[i].html {
			t.Errorf("%s differs from one rendering to the next", first[i].name)
		}
	}
}

func TestStaticNamesBearTheirHash(t *testing.T) {
	p := newPages(t)
	name := regexp.MustCompile(`^[a-z]+\.[0-9a-f]{8}\.(css|js|svg)$`)
	for _, plain := range []string{"style.css", "times.js", "live.js", "report.js", "cursor.js", "icon.svg"} {
		hashed := strings.TrimPrefix(p.static.url(plain), StaticPrefix)
		if !name.MatchString(hashed) {
			t.Errorf("%s is served as %q", plain, hashed)
		}
		if data, err := fs.ReadFile(p.Static(), hashed); err != nil || len(data) == 0 {
			t.Errorf("%s: %d bytes, %v", hashed, len(data), err)
		}
	}
	listed, err := fs.Glob(p.Static(), "*")
	if err != nil || len(listed) != 6 || !slices.ContainsFunc(listed, func(s string) bool { return s == strings.TrimPrefix(p.static.url("live.js"), StaticPrefix) }) {
		t.Errorf("lists %v, %v", listed, err)
	}
	if _, err := p.Static().Open("style.css"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name without a hash opens: %v", err)
	}
}
