package downpour

// RequestMarks is what the requests of an attack have in common beyond what is
// usual: shares of them, the largest first, at most eight of each and none below
// a hundredth.
type RequestMarks struct {
	// Usual is the mean rate before, requests/s.
	Usual    float64     `json:"usual"`
	Paths    []NameShare `json:"paths"`
	Networks []NameShare `json:"networks"` // /24 of IPv4, /48 of IPv6
	Agents   []NameShare `json:"agents"`   // "" is none
}

// NameShare is the share of what bears a name, (0, 1].
type NameShare struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}
