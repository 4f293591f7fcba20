package web

import (
	"time"

	"downpour"
)

// Frame is what every page needs to know of its surroundings.
type Frame struct {
	// RunBy names who runs this server, for the footer and the privacy page;
	// empty if the operator has not said.
	RunBy string
	// BaseURL is the public origin ("https://status.example.net"), for
	// permanent addresses and OpenGraph; empty if not known.
	BaseURL string
	// Now is the moment that the page's data is as of; event time in a replay.
	Now time.Time
	// Zone, if not nil, is the zone that all times are shown in. If nil, times
	// are written in UTC and a script changes them to the reader's zone.
	Zone *time.Location
	// Operator is true for a signed-in operator: navigation to the operator's
	// pages, and on the incident page what the public must not see.
	Operator bool
	// CSRF is put into every form that an operator's page posts.
	CSRF string
	// FeedURL is the Atom feed's address; empty where none is served.
	FeedURL string
	// Notice is one sentence shown above every page ("A replay of 10 March
	// 2025 at 60 times its speed"); empty for none.
	Notice string
}

// ServiceRef names a service: ID as it stands in addresses, Name as people say
// it (ID if empty).
type ServiceRef struct{ ID, Name string }

// Tally is how many counted reports bear one value: a symptom's key, or a
// country (ISO 3166-1 alpha-2). An empty Key is "not known".
type Tally struct {
	Key   string
	Count uint64
}

// Symptom is one choice of the report form. Key is what is posted; Label what
// is shown, and may be empty for the default symptoms.
type Symptom struct{ Key, Label string }

// ReportTotals are a service's reports since its store was made.
type ReportTotals struct {
	Received   uint64 `json:"received"`
	Counted    uint64 `json:"counted"`
	LastMinute uint64 `json:"last_minute"`
}

// Outcome tells the page what became of the report that was just sent.
type Outcome string

// The outcomes of a report. The empty Outcome is "none was sent".
const (
	OutcomeCounted  Outcome = "counted"  // 202, counted
	OutcomeReceived Outcome = "received" // 202, kept but not counted (a repeat)
	OutcomeShed     Outcome = "shed"     // 429 or 503, not kept
	OutcomeRefused  Outcome = "refused"  // 4xx, not kept
)

// ServiceView is the public page of a service.
type ServiceView struct {
	Frame
	Service ServiceRef
	State   downpour.State
	// Since is when State began; nil if not known.
	Since *time.Time
	// Totals are nil where nothing is counted yet.
	Totals *ReportTotals
	// Start and End bound the chart; 24 hours up to Now if zero.
	Start, End time.Time
	// Buckets are the counts in [Start, End) in order of time, as the store
	// gives them. An Expected of zero width at zero is read as "not known".
	Buckets []downpour.ExpectedReports
	// Outages are those that touch the window, in order of onset.
	Outages []downpour.Outage
	// Usual is what is expected per bucket now; nil if not known.
	Usual *downpour.Estimate
	// Symptoms are the form's choices; nil for the default list.
	Symptoms []Symptom
	// BySymptom and ByCountry are counted reports of the window.
	BySymptom, ByCountry []Tally
	// Incident is the one that the current (else the latest) outage belongs to.
	Incident *IncidentSummary
	// Recent are earlier incidents, newest first.
	Recent []IncidentSummary
	// Outcome and OutcomeReason are set on the answer to a posted form.
	Outcome       Outcome
	OutcomeReason string
	// RetryAfter goes with OutcomeShed.
	RetryAfter time.Duration
}

// IncidentSummary is an incident in a list.
type IncidentSummary struct {
	Incident downpour.Incident
	Service  ServiceRef
	// PeakReports is the largest bucket of its outages; nil without outages.
	PeakReports *float64
	// Waves is the number of its outages.
	Waves int
	// VerdictPublished lets the public see Incident.Verdict and Cause.
	VerdictPublished bool
}

// Publication says which parts of an incident the operator has published. An
// operator sees all parts whatever it says.
type Publication struct {
	Cause   bool // verdict, rivals, evidence
	Traffic bool // peak rates, vectors, traffic over time
	Origin  bool // where the traffic bears to come from
	Claims  bool // claims with their assessments
}

// MarkKind says what a Mark on the time axis is.
type MarkKind string

// The kinds of Mark that a caller adds; onsets, peaks, ends and alarms are
// made from the incident itself. The public sees notes only.
const (
	MarkChange MarkKind = "change" // somebody deployed or configured something
	MarkAction MarkKind = "action" // a mitigation was approved, withdrawn ...
	MarkNote   MarkKind = "note"
)

// Mark is something that happened at a moment, for the time axis.
type Mark struct {
	Time time.Time
	Kind MarkKind
	Text string
}

// Link is an address with its text.
type Link struct{ Text, URL string }

// IncidentView is the page of one incident, for the public or (Frame.Operator)
// for the operator.
type IncidentView struct {
	Frame
	Service   ServiceRef
	Incident  downpour.Incident
	Attacks   []downpour.Attack
	Outages   []downpour.Outage
	Claims    []downpour.ClaimAssessment
	Published Publication
	// Start and End bound the time axis; chosen from the incident if zero.
	Start, End time.Time
	// Buckets are the service's counts in [Start, End).
	Buckets []downpour.ExpectedReports
	// Marks are changes, actions and notes, besides what the incident tells.
	Marks []Mark
	// Downloads are report files that exist and that this reader may fetch, in
	// the order shown.
	Downloads []Link
	// Digest is the hash of the evidence ledger, for citing; may be empty.
	Digest string
}

// ServiceRow is a service in a list.
type ServiceRow struct {
	Service ServiceRef
	State   downpour.State
	Since   *time.Time
	// LastMinute is nil where nothing is counted.
	LastMinute *uint64
	// Expected is per minute; nil if not known.
	Expected *downpour.Estimate
}

// IndexView lists the public services.
type IndexView struct {
	Frame
	Services []ServiceRow
	Recent   []IncidentSummary
}

// Warning is something that is wrong with Downpour's own data or set-up.
type Warning struct {
	Title string // "All reports come from one address"
	Says  string // why it matters, in a sentence
	Mend  string // the configuration line or command that mends it; may be empty
}

// Proposal is a mitigation that waits for the operator.
type Proposal struct {
	Incident downpour.Incident
	Attack   string // the attack's id
	Target   string
	Vector   string
	Rule     downpour.Rule
}

// InputHealth is what one input does: an exporter, a log, the report intake.
type InputHealth struct {
	Name string
	Kind string // "reports", "pcap", "NetFlow" ...
	// LastSeen is nil if it never sent anything.
	LastSeen *time.Time
	// Silent is true if it has been quiet for longer than it should.
	Silent bool
	// PerSecond is its recent rate; nil if not measured.
	PerSecond *float64
	// Received counts observations; Lost those known to be missing (sequence
	// gaps, kernel drops), nil where it cannot be measured; Shed those that we
	// threw away for lack of room.
	Received uint64
	Lost     *uint64
	Shed     uint64
	Problems []downpour.Problem
}

// OpsView is the operator's home.
type OpsView struct {
	Frame
	// Now wrong: ongoing incidents, worst first, then the latest that are over.
	Ongoing  []IncidentSummary
	Recent   []IncidentSummary
	Waiting  []Proposal
	Inputs   []InputHealth
	Warnings []Warning
	Services []ServiceRow
	// ReportsURL and FlowListen are used by the empty states that teach.
	ReportsURL, FlowListen string
}

// Shed counts what was dropped at one place for one reason.
type Shed struct {
	Where, Reason string
	Count         uint64
}

// StoreHealth is the embedded store's state.
type StoreHealth struct {
	Path          string
	Bytes, Budget int64
	OldestReport  *time.Time
	Problems      []string // from the last integrity check
	CheckedAt     *time.Time
}

// HealthView is /health/data: is my data good?
type HealthView struct {
	Frame
	Inputs []InputHealth
	// Flow is nil where no flow export is received.
	Flow      *FlowHealth
	Shed      []Shed
	Warnings  []Warning
	Databases []downpour.Database
	Store     *StoreHealth
	// Lag is how far event time is behind the clock; nil in a replay.
	Lag *time.Duration
	// Version is the running program's.
	Version string
}

// PrivacyView is the page that tells what is kept.
type PrivacyView struct {
	Frame
	// Contact is where to ask for erasure: a mail address or URL; may be empty.
	Contact string
	// ReportsKept and CountsKept are how long reports and minute counts stay.
	ReportsKept, CountsKept time.Duration
}

// SignInView is shown where an operator's page is asked for without a credential.
type SignInView struct {
	Frame
	// Action is where a pasted token is posted (field "token"); empty: no form.
	Action string
	// Next is the page that was asked for, posted along as field "next".
	Next string
	// Failed is true after a token that was not accepted.
	Failed bool
}

// ProblemView is an error page; its words come from an RFC 9457 problem.
type ProblemView struct {
	Frame
	Status     int
	Title      string // one clear line
	Detail     string // what to do; may be empty
	RetryAfter time.Duration
}

// BadgeView is a badge.svg.
type BadgeView struct {
	Service ServiceRef
	State   downpour.State
}

// Status is the data of the server-sent event named "status" of
// /s/{service}/events, and all that the page's script needs: when Version
// differs from the page's, it fetches /s/{service}?fragment=live.
type Status struct {
	State    downpour.State `json:"state"`
	Sentence string         `json:"sentence"`
	AsOf     time.Time      `json:"as_of"`
	Reports  *ReportTotals  `json:"reports"`
	// Version is a hash of the live part of the page.
	Version string `json:"version"`
}
