package downpour

// DefaultService is the name that all targets and reports bear where no
// configuration names services.
const DefaultService = "example"

// State is what is publicly said of a service.
type State string

// The states of a service. Confirmed means by probes, logs or traffic.
const (
	StateOK        State = "ok"
	StateReported  State = "problems reported"
	StateConfirmed State = "problems confirmed"
	StateMaintain  State = "maintenance"
	StateUnknown   State = "unknown"
)

// Severity grades an attack or an outage by what it does to the service.
type Severity string

// The severities, least first.
const (
	Minor   Severity = "minor"
	Partial Severity = "partial"
	Major   Severity = "major"
)
