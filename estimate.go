package downpour

// Estimate is a figure with its 95 % interval. An exact count has no width.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Exactly is the estimate of a figure that was counted, not sampled.
func Exactly(v float64) Estimate { return Estimate{v, v, v} }

// Contains tells whether v lies within the interval.
func (e Estimate) Contains(v float64) bool { return e.Low <= v && v <= e.High }

// Tristate answers a question that may not have been measured. The zero value
// is NotVisible, so that a forgotten measurement never reads as "no".
type Tristate uint8

// The three answers.
const (
	NotVisible Tristate = iota // the telemetry cannot show it
	No
	Yes
)

// String gives the answer as a word.
func (t Tristate) String() string {
	return [...]string{"not visible", "no", "yes"}[t]
}
