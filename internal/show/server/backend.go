package server

import (
	"context"
	"net/netip"
	"time"

	"downpour"
	"downpour/internal/show/web"
	"downpour/internal/store"
)

// Backend is what the routes are answered from. Its methods may be called
// concurrently, return when ctx ends, and give store.ErrNotFound (wrapped or
// not) for a service or incident that does not exist.
type Backend interface {
	Viewer
	Recorder
	Intake
	Operator
	// Ready is nil once requests can be served: the store open, the state loaded.
	Ready(ctx context.Context) error
}

// Viewer makes the view models of pages. It fills of a Frame what it knows
// (RunBy, Now, Zone, Notice); BaseURL, Operator and CSRF are the server's.
type Viewer interface {
	Frame() web.Frame
	IndexView(ctx context.Context) (web.IndexView, error)
	ServiceView(ctx context.Context, service string) (web.ServiceView, error)
	// IncidentView holds everything; the server takes out what the public must
	// not see.
	IncidentView(ctx context.Context, id string) (web.IncidentView, error)
	// AttackView is the page of an attack of an incident, for operators only.
	AttackView(ctx context.Context, incident, attack string) (web.AttackView, error)
	OpsView(ctx context.Context) (web.OpsView, error)
	HealthView(ctx context.Context) (web.HealthView, error)
	PrivacyView() web.PrivacyView
}

// Recorder gives the API its data.
type Recorder interface {
	// Services are the public ones, in the configuration's order.
	Services(ctx context.Context) ([]ServiceStatus, error)
	Service(ctx context.Context, service string) (ServiceStatus, error)
	// Incidents are the newest first, of one service or (empty) of all.
	Incidents(ctx context.Context, service string, limit int) ([]store.Record, error)
	Incident(ctx context.Context, id string) (store.Record, error)
}

// Intake takes users' reports.
type Intake interface {
	// Submit returns once the report is durable. A report that was shed gives a
	// *ShedError (its client's limit, 429) or store.ErrBusy (503); nothing was
	// kept then.
	Submit(ctx context.Context, s Submission) (Receipt, error)
}

// Operator does what an operator decides.
type Operator interface {
	// PublishIncident sets what the public may see of an incident.
	PublishIncident(ctx context.Context, id string, p web.Publication) error
	// AllowExporter accepts flow export from an address, from now on and after a
	// restart.
	AllowExporter(ctx context.Context, address netip.Addr) error
}

// Submission is a report as it came in. It is the only place in which a
// client's address leaves the server, and it is not kept.
type Submission struct {
	Service string
	Symptom string // as posted, valid UTF-8; empty if none
	Text    string // as posted, valid UTF-8, below Limits.ReportBody bytes
	// Client is the reporter's address, from a trusted proxy if there is one;
	// invalid if it is not known (a unix socket).
	Client netip.Addr
	// CrossSite tells that another site's page sent it: to be received, not counted.
	CrossSite bool
}

// Receipt says what became of a report that was kept.
type Receipt struct {
	Counted bool   `json:"counted"`
	Reason  string `json:"reason,omitempty"` // why it was not counted
	// Time is the time that the report bears: in a replay, the replay's.
	Time time.Time `json:"time"`
}

// ShedError says that a report was not kept because its client sends too many.
type ShedError struct {
	Reason string        // a short constant, the label of a metric
	After  time.Duration // when to try again
}

// Error implements error.
func (e *ShedError) Error() string { return "too many reports: " + e.Reason }

// ServiceStatus is a service in the API, with the contract's fields.
type ServiceStatus struct {
	Name    string         `json:"name"`
	State   downpour.State `json:"state"`
	Since   *time.Time     `json:"since"`
	Reports ServiceReports `json:"reports"`
}

// ServiceReports counts a service's reports since the store was made: received
// are those answered 2xx, counted those left after de-duplication and discounting.
type ServiceReports struct {
	Received          uint64             `json:"received"`
	Counted           uint64             `json:"counted"`
	LastMinute        uint64             `json:"last_minute"`
	ExpectedPerMinute *downpour.Estimate `json:"expected_per_minute"`
}
