package engine

import "downpour"

// worker serves every n-th partition from first on.
type worker struct {
	partitions []FlowDetector // all of them
	first, n   int
	past       *past
	piece      int64 // that it is at
	events     []downpour.Event
}

// deliver hands the partitions their ends of a piece.
func (w *worker) deliver(piece int64) {
	w.piece = piece
	for p := w.first; p < Partitions; p += w.n {
		if flows, ends := w.past.of(piece, p); len(ends) > 0 {
			w.partitions[p].Flows(flows, ends)
		}
	}
	w.piece = piece + 1
}

// turn ticks (or finishes) the partitions, in order, and collects what they say.
func (w *worker) turn(now int64, finish bool) []downpour.Event {
	w.events = w.events[:0]
	for p := w.first; p < Partitions; p += w.n {
		w.events = tell(w.partitions[p], now, finish, w.events)
	}
	return w.events
}

// work is what a shard does next: the flows, then the tick or the finish.
type work struct {
	piece  int64 // -1 if there are no flows
	tick   int64 // event time reached; 0 if none
	finish bool
	// done receives the shard's events after a tick or a finish.
	done chan<- []downpour.Event
	// rest, if not nil, is told when all of the above is done.
	rest chan<- []downpour.Event
}

// shard is a worker with a goroutine of its own.
type shard struct {
	*worker
	in    chan work
	spare chan<- struct{} // told of each piece that no shard uses any more
}

func (s *shard) run() {
	for w := range s.in {
		if w.piece >= 0 {
			s.deliver(w.piece)
			if s.past.pieces[w.piece%piecesMade].using.Add(-1) == 0 {
				s.spare <- struct{}{}
			}
		}
		if w.done != nil {
			w.done <- s.turn(w.tick, w.finish)
		}
		if w.rest != nil {
			w.rest <- nil
		}
	}
}
