package downpour

import "time"

// Incident joins outages and attacks of a service that belong together.
type Incident struct {
	ID       string    `json:"id"` // hash of service and start
	Service  string    `json:"service"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"` // last moment seen while Ongoing
	Ongoing  bool      `json:"ongoing"`
	Severity Severity  `json:"severity"`
	// Attacks and Outages hold ids, in order of onset.
	Attacks []string `json:"attacks"`
	Outages []string `json:"outages"`
	// Cause holds the rival explanations of the outages, likeliest first; empty
	// where there is no outage to explain.
	Cause []Cause `json:"cause"`
	// Verdict is the conclusion in one or two sentences.
	Verdict string `json:"verdict"`
	// WouldSettle is the observation that would change the verdict most.
	WouldSettle string `json:"would_settle"`
	Synthetic   bool   `json:"synthetic,omitempty"`
}

// Cause is one explanation with its likelihood and evidence.
type Cause struct {
	Name string `json:"name"` // attack, flash crowd, change, dns, certificate, upstream, planned work, other
	Finding
}
