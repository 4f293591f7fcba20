package engine

import (
	"iter"
	"sync/atomic"

	"downpour"
)

// Past walks through the latest flows that a partition's detector has seen ends
// of, with those ends, a piece at a time, the newest piece first. What it gives
// holds until the detector returns.
type Past = iter.Seq2[[]downpour.Flow, []downpour.FlowEnd]

// Rememberer is a FlowDetector that wants to look back. It is given its Past
// before it sees a flow. From Flows that is what came before the flows at hand;
// from Tick and Finish all that came.
type Rememberer interface{ Remember(Past) }

// Follower is a FlowDetector that may want to see what a target outside our
// networks sends, if it follows one closely. It is asked after each tick.
type Follower interface{ FollowsOthers() bool }

// What is remembered: so many flows of all partitions, in so many pieces at most.
const (
	flowsKept  = 1 << 17 // 11.5 MB; of a million flows a second an eighth of a second
	piecesKept = 1 << 10 // of slow traffic there is one a second
	ahead      = 8       // pieces that are filled or on their way beyond those
	flowsMade  = flowsKept + ahead*batchSize
	piecesMade = piecesKept + ahead
)

// past is where flows wait for their detectors and stay to be remembered: a ring
// of flows in pieces, each of which is delivered at once. What is written next
// is older than anything that a detector may still look at.
type past struct {
	flows  []downpour.Flow
	ends   []downpour.FlowEnd
	pieces [piecesMade]piece
	made   int64 // pieces dealt out
	from   int   // where the next piece begins in flows
	to     int   // and how far it is filled
	seen   int64 // flows in all pieces made
	deal   dealt
}

// piece is a stretch of the ring that was dealt out at once.
type piece struct {
	from, to int                    // in flows
	first    int64                  // the number of its first flow
	upTo     [Partitions + 1]uint16 // where each partition's ends stop, from 2*from on
	using    atomic.Int32           // shards that are not done with it
}

func newPast() *past {
	return &past{flows: make([]downpour.Flow, flowsMade), ends: make([]downpour.FlowEnd, 2*flowsMade)}
}

// add takes in as many flows as the piece at hand has room for, and tells how many.
func (h *past) add(flows []downpour.Flow) int {
	n := copy(h.flows[h.to:min(h.from+batchSize, len(h.flows))], flows)
	h.to += n
	return n
}

// full tells whether the piece at hand must be delivered before more is added.
func (h *past) full() bool { return h.to-h.from == batchSize || h.to == len(h.flows) }

// cut ends the piece at hand, deals it out and returns its number; -1 if nothing
// is in it.
func (h *past) cut(ours func(downpour.Address) bool, others bool) int64 {
	if h.to == h.from {
		return -1
	}
	h.deal.deal(h.flows[h.from:h.to], h.ends[2*h.from:], ours, others)
	p := &h.pieces[h.made%piecesMade]
	p.from, p.to, p.first, p.upTo = h.from, h.to, h.seen, h.deal.upTo
	h.seen += int64(h.to - h.from)
	if h.from = h.to; h.from == len(h.flows) {
		h.from, h.to = 0, 0
	}
	h.made++
	return h.made - 1
}

// of returns a piece's flows and those of its ends that are of a partition.
func (h *past) of(number int64, partition int) ([]downpour.Flow, []downpour.FlowEnd) {
	p := &h.pieces[number%piecesMade]
	from := uint16(0)
	if partition > 0 {
		from = p.upTo[partition-1]
	}
	return h.flows[p.from:p.to], h.ends[2*p.from:][from:p.upTo[partition]]
}

// before is the Past of a partition up to the piece that its worker is at.
func (h *past) before(partition int, at *worker) Past {
	return func(yield func([]downpour.Flow, []downpour.FlowEnd) bool) {
		if at.piece == 0 {
			return
		}
		newest := &h.pieces[(at.piece-1)%piecesMade]
		least := newest.first + int64(newest.to-newest.from) - flowsKept
		for n := at.piece - 1; n >= max(0, at.piece-piecesKept) && h.pieces[n%piecesMade].first >= least; n-- {
			if flows, ends := h.of(n, partition); len(ends) > 0 && !yield(flows, ends) {
				return
			}
		}
	}
}
