package server

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"downpour"
	"downpour/internal/show/web"
	"downpour/internal/store"
)

// Secrets of the test incident that the public must never see.
const (
	secretTarget    = "203.0.113.77"
	secretSource    = "192.0.2.66"
	secretRule      = "threshold-of-48000"
	secretClaim     = "the-unpublished-claim"
	secretVerdict   = "the-unpublished-verdict"
	secretIngress   = "edge-router-nine"
	secretMark      = "an-internal-note"
	publicIncident  = "inc-1"
	publicService   = "example"
	unknownIncident = "inc-404"
)

// memory is a backend that keeps what it is given and answers at once, or as
// its hooks say.
type memory struct {
	mu        sync.Mutex
	reports   []downpour.Report
	seen      map[netip.Prefix]bool
	published web.Publication
	allowed   []netip.Addr                    // exporters
	submit    func(Submission) error          // a hook before a report is kept
	view      func(ctx context.Context) error // a hook before a page's view is made
	notReady  error                           // what Ready says
	made      int                             // service views made
	state     downpour.State                  // of the service
}

func newMemory() *memory {
	return &memory{seen: make(map[netip.Prefix]bool), state: downpour.StateReported}
}

func testTime() time.Time { return time.Date(2025, 3, 10, 14, 3, 20, 0, time.UTC) }

func (m *memory) Frame() web.Frame { return web.Frame{RunBy: "the test", Now: testTime()} }

func (m *memory) IndexView(context.Context) (web.IndexView, error) {
	return web.IndexView{
		Frame: m.Frame(), Services: []web.ServiceRow{{Service: web.ServiceRef{ID: publicService}, State: downpour.StateOK}},
		Recent: []web.IncidentSummary{m.summary()},
	}, nil
}

func (m *memory) summary() web.IncidentSummary {
	return web.IncidentSummary{Incident: testRecord().Incident, Service: web.ServiceRef{ID: publicService}, VerdictPublished: m.published.Cause}
}

func (m *memory) ServiceView(ctx context.Context, name string) (web.ServiceView, error) {
	if m.view != nil {
		if err := m.view(ctx); err != nil {
			return web.ServiceView{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if name != publicService {
		return web.ServiceView{}, store.ErrNotFound
	}
	m.made++
	summary := m.summary()
	return web.ServiceView{
		Frame: m.Frame(), Service: web.ServiceRef{ID: name}, State: m.state, Totals: m.totals(),
		Outages: testRecord().Outages, Incident: &summary, Recent: []web.IncidentSummary{summary},
	}, nil
}

func (m *memory) totals() *web.ReportTotals {
	t := &web.ReportTotals{Received: uint64(len(m.reports))}
	for _, r := range m.reports {
		if r.Counted {
			t.Counted++
		}
	}
	return t
}

func (m *memory) IncidentView(_ context.Context, id string) (web.IncidentView, error) {
	if id != publicIncident {
		return web.IncidentView{}, store.ErrNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := testRecord()
	return web.IncidentView{
		Frame: m.Frame(), Service: web.ServiceRef{ID: publicService}, Incident: r.Incident, Attacks: r.Attacks, Outages: r.Outages,
		Claims: r.Claims, Published: m.published, Marks: []web.Mark{{Time: testTime(), Kind: web.MarkNote, Text: secretMark}},
	}, nil
}

func (m *memory) AttackView(_ context.Context, incident, attack string) (web.AttackView, error) {
	r := testRecord()
	if incident != publicIncident || attack != r.Attacks[0].ID {
		return web.AttackView{}, store.ErrNotFound
	}
	return web.AttackView{Frame: m.Frame(), Service: web.ServiceRef{ID: publicService}, Incident: r.Incident, Attack: r.Attacks[0], Exhibit: testExhibit()}, nil
}

// testExhibit is what is kept of the test's attack: a packet and a record of flow export.
func testExhibit() *downpour.Exhibit {
	target, source := netip.MustParseAddr(secretTarget), netip.MustParseAddr(secretSource)
	packet := downpour.SampledFlow{Start: testTime(), Source: source, Destination: target, Protocol: 6, TCPFlags: 2, Bytes: 60, Packets: 1, Sampling: 1, TTL: 57, Packet: true}
	record := packet
	record.Packet, record.TTL, record.Packets = false, 0, 9
	return &downpour.Exhibit{Attack: "att-1", AsOf: testTime(), Before: downpour.FlowSample{Of: 1, Flows: []downpour.SampledFlow{record}}, During: downpour.FlowSample{Of: 5000, Flows: []downpour.SampledFlow{packet}}}
}

func (m *memory) OpsView(context.Context) (web.OpsView, error) {
	return web.OpsView{Frame: m.Frame()}, nil
}

func (m *memory) HealthView(context.Context) (web.HealthView, error) {
	return web.HealthView{Frame: m.Frame(), Version: "test", Inputs: []web.InputHealth{{Name: "reports", Kind: "reports"}}}, nil
}

func (m *memory) PrivacyView() web.PrivacyView { return web.PrivacyView{Frame: m.Frame()} }

func (m *memory) Services(ctx context.Context) ([]ServiceStatus, error) {
	s, err := m.Service(ctx, publicService)
	return []ServiceStatus{s}, err
}

func (m *memory) Service(_ context.Context, name string) (ServiceStatus, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if name != publicService {
		return ServiceStatus{}, store.ErrNotFound
	}
	t := m.totals()
	return ServiceStatus{Name: name, State: m.state, Reports: ServiceReports{Received: t.Received, Counted: t.Counted}}, nil
}

func (m *memory) Incidents(_ context.Context, service string, limit int) ([]store.Record, error) {
	if service != "" && service != publicService {
		return nil, nil
	}
	return []store.Record{testRecord()}[:min(1, limit)], nil
}

func (m *memory) Incident(_ context.Context, id string) (store.Record, error) {
	if id != publicIncident {
		return store.Record{}, store.ErrNotFound
	}
	return testRecord(), nil
}

// Submit counts each client once, as the contract's intake does for ten minutes.
func (m *memory) Submit(_ context.Context, s Submission) (Receipt, error) {
	if m.submit != nil {
		if err := m.submit(s); err != nil {
			return Receipt{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.Service != publicService {
		return Receipt{}, store.ErrNotFound
	}
	r := Receipt{Counted: true, Time: testTime()}
	key := clientPrefix(s.Client)
	switch {
	case s.CrossSite:
		r = Receipt{Reason: "cross-site", Time: testTime()}
	case m.seen[key]:
		r = Receipt{Reason: "repeat", Time: testTime()}
	}
	m.seen[key] = true
	m.reports = append(m.reports, downpour.Report{Time: r.Time, Service: s.Service, Symptom: s.Symptom, Text: s.Text, Counted: r.Counted, Reason: r.Reason})
	return r, nil
}

func (m *memory) AllowExporter(_ context.Context, a netip.Addr) error {
	m.allowed = append(m.allowed, a)
	return nil
}

func (m *memory) PublishIncident(_ context.Context, id string, p web.Publication) error {
	if id != publicIncident {
		return store.ErrNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.published = p
	return nil
}

func (m *memory) Ready(context.Context) error { return m.notReady }

// kept is everything that the backend holds, as text.
func (m *memory) kept() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, _ := json.Marshal(m.reports)
	return string(data)
}

func (m *memory) last() downpour.Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.reports) == 0 {
		return downpour.Report{}
	}
	return m.reports[len(m.reports)-1]
}

// testRecord is an incident with something secret in every private field.
func testRecord() store.Record {
	port := uint16(25565)
	onset := testTime().Add(-time.Hour)
	return store.Record{
		Incident: downpour.Incident{
			ID: publicIncident, Service: publicService, Start: onset, End: testTime(), Ongoing: true, Severity: downpour.Major,
			Attacks: []string{"att-1"}, Outages: []string{"out-1"}, Verdict: secretVerdict, WouldSettle: secretVerdict,
			Cause: []downpour.Cause{{Name: "attack", Finding: downpour.Finding{Likelihood: .7, Word: "likely", Confidence: downpour.LowConfidence,
				Evidence: []downpour.Evidence{{Name: "order", Says: secretVerdict, Weight: 1}}}}},
		},
		Attacks: []downpour.Attack{{
			ID: "att-1", Service: publicService, Direction: downpour.Inbound, Target: downpour.Target{Prefix: netip.MustParsePrefix(secretTarget + "/32")},
			Onset: onset, AlarmAt: onset, PeakAt: onset, End: testTime(), Ongoing: true, Severity: downpour.Major, Why: secretRule,
			Vectors: []downpour.Vector{{Name: "SYN flood", Share: 1, Protocol: "tcp", DestinationPort: &port}},
			Rules:   []downpour.Rule{{Text: "drop " + secretTarget, Enforcer: "flowspec"}},
			Sources: downpour.Sources{ByIngress: []downpour.IngressShare{{Exporter: secretIngress}}},
		}},
		Outages: []downpour.Outage{{
			ID: "out-1", Service: publicService, Direction: downpour.Rise, Signals: []string{"reports"}, Onset: onset, AlarmAt: onset,
			PeakAt: onset, End: testTime(), Ongoing: true, PeakReports: 41143, Severity: downpour.Major, Why: secretRule,
		}},
		Claims: []downpour.ClaimAssessment{{ID: "c", Speaker: "a group", Said: secretClaim, Assessment: downpour.NotTestable, Why: "why", SourceGrade: "F6"}},
	}
}

// secretsIn names the secrets that a text shows.
func secretsIn(text string) []string {
	all := []string{secretTarget, secretSource, secretRule, secretClaim, secretVerdict, secretIngress, secretMark, "25565"}
	return slices.DeleteFunc(all, func(s string) bool { return !strings.Contains(text, s) })
}
