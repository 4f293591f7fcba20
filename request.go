package downpour

// Request is one line of a web log, or one request that the middleware saw: flat
// but for its strings, which point into the reader's own memory and hold only
// until the batch is used. Whoever keeps one clones it (strings.Clone).
type Request struct {
	Time   int64   // when it was logged, nanoseconds since the epoch, UTC
	Client Address // who asked; behind trusted proxies the one they tell of
	// Service is whose log it stands in; "" where only the host can tell.
	Service string
	Host    string // as asked for, in lower case and without port; "" if not logged
	Method  string // as asked; "" if not logged
	Path    string // without query; "" if not logged
	Agent   string // User-Agent; "" if not logged or not sent
	// Referred tells whether the request named the page that it came from.
	Referred Tristate
	Status   uint16 // HTTP status; 0 if not logged
	Bytes    uint64 // of the answer
	// Duration of the answer in microseconds, at least 1; 0 if not logged.
	Duration uint32
}
