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

// requests hands requests on. One dated far ahead of its neighbours counts when it
// came, as a flow does; but since its strings hold only now, it is not kept until
// more have come: the rest of the batch decides, and where there is no rest it is
// not believed (the next batch then starts from the time it bore, if all agree).
func (e *Engine) requests(requests []downpour.Request) {
	for i := range requests {
		r := &requests[i]
		if e.last != 0 && r.Time > e.last+leapLength && !agreed(requests[i:], e.last, e.doubted) {
			e.doubted, r.Time = r.Time, e.last
			e.leaps++
		}
		e.advance(r.Time)
		if e.cfg.Requests != nil {
			e.cfg.Requests.Request(r)
		}
	}
}

// agreed tells whether a leap of the first request is borne out by those that
// follow it or by the one that was doubted last.
func agreed(requests []downpour.Request, last, doubted int64) bool {
	for i := range requests[1:] {
		if i == leapWitnesses {
			break
		}
		if requests[1+i].Time <= last+leapLength {
			return false
		}
	}
	near := requests[0].Time-doubted < leapLength && doubted-requests[0].Time < leapLength
	return len(requests) > 1 || near
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
