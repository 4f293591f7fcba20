package weblog

// reason is why a line is no request.
type reason uint8

const (
	fine reason = iota
	unknownFormat
	noClient
	noTime
	noRequest
	cutShort
	notJSON
	reasonCount
)

// String says it to the operator.
func (r reason) String() string {
	return [...]string{
		fine:          "none",
		unknownFormat: "not of a format that is known",
		noClient:      "no client address",
		noTime:        "no time, or one that cannot be read",
		noRequest:     "not about a request",
		cutShort:      "ends within a field",
		notJSON:       "not JSON",
	}[r]
}

// finish judges what a format found in a line.
func (e *entry) finish() reason {
	switch {
	case !e.asked:
		return noRequest
	case e.Time == 0:
		return noTime
	}
	return fine
}
