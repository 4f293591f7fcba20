package engine

import "downpour"

// A packet dated years ahead of its neighbours must not drag everybody's clock
// along: attacks would end, and all that follows would be late. So a leap forward
// is believed only when the leapWitnesses flows that follow agree on it, or the
// input ends. One that its neighbours don't follow counts at the time that they
// keep to, as one that is late does, and is counted as a leap.
const (
	leapLength    = 60 * second // a silence that needs witnesses
	leapWitnesses = 16
)

// belief is what the flows after a leap say of it.
type belief uint8

const (
	waiting belief = iota // too few have come to tell
	believed
	refuted
)

// witness asks the flows that follow the first one, which is more than a
// leapLength after last.
func witness(flows []downpour.Flow, last int64) belief {
	for i := range flows[1:] {
		if i == leapWitnesses {
			break
		}
		if endOf(&flows[1+i]) <= last+leapLength {
			return refuted
		}
	}
	if len(flows) <= leapWitnesses {
		return waiting
	}
	return believed
}

// first dates the very first flow of an input like its neighbour if it is alone
// with a time far ahead.
func (e *Engine) first(flows []downpour.Flow) {
	if e.last == 0 && len(flows) > 1 && flows[0].Time > flows[1].Time+leapLength {
		flows[0].Time = flows[1].Time
		e.leaps++
	}
}

// Leaps is how many flows bore a time far ahead of their neighbours'.
func (e *Engine) Leaps() uint64 { return e.leaps }
