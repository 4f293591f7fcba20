package observe

import (
	"context"
	"sync"
	"sync/atomic"

	"downpour"
)

// Queue hands batches from the intakes of a running server, each with goroutines
// of its own, to the one goroutine that feeds the pipeline. It holds a fixed
// number of batches which go round: an intake takes an empty one, fills it and
// puts it; the consumer receives it from Ready, feeds it and gives it back with
// Done. No batch is made after the start, so a pipeline that falls behind costs
// no memory: intakes find no empty batch, and wait or shed.
type Queue struct {
	full   chan *Batch
	spare  chan struct{} // one for each of empty
	mu     sync.Mutex
	empty  []*Batch // the one used last is taken first: it is in a core's cache
	counts QueueCounts
}

// QueueCounts are what a queue has handed over and what intakes could not put in
// it. They may be read while they count.
type QueueCounts struct {
	Flows, Requests         atomic.Uint64 // handed over
	ShedFlows, ShedRequests atomic.Uint64 // thrown away for lack of an empty batch
}

// NewQueue makes a queue of so many batches (at least 2), each with room for
// BatchSize flows: about 92 KiB a batch.
func NewQueue(batches int) *Queue {
	batches = max(batches, 2)
	q := &Queue{full: make(chan *Batch, batches), spare: make(chan struct{}, batches)}
	for range batches {
		q.Done(&Batch{Flows: make([]downpour.Flow, 0, BatchSize)})
	}
	return q
}

// Take gives an empty batch, or nil if all are on their way: whoever can't wait
// (a socket that must be read on) then sheds and says so with Shed.
func (q *Queue) Take() *Batch {
	select {
	case <-q.spare:
		return q.pop()
	default:
		return nil
	}
}

// Wait gives an empty batch once there is one, for an intake whose input keeps
// (a file, a TCP stream); nil when ctx ends.
func (q *Queue) Wait(ctx context.Context) *Batch {
	select {
	case <-q.spare:
		return q.pop()
	case <-ctx.Done():
		return nil
	}
}

func (q *Queue) pop() *Batch {
	q.mu.Lock()
	n := len(q.empty) - 1
	b := q.empty[n]
	q.empty = q.empty[:n]
	q.mu.Unlock()
	b.Reset()
	return b
}

// Put hands a taken batch over; what it holds belongs to the consumer until it
// comes out of Take or Wait again. It never blocks.
func (q *Queue) Put(b *Batch) {
	q.counts.Flows.Add(uint64(len(b.Flows)))
	q.counts.Requests.Add(uint64(len(b.Requests)))
	q.full <- b
}

// Shed counts what was thrown away because Take gave none.
func (q *Queue) Shed(flows, requests int) {
	q.counts.ShedFlows.Add(uint64(flows))
	q.counts.ShedRequests.Add(uint64(requests))
}

// Ready gives the batches that were put, in their order, to the one consumer.
func (q *Queue) Ready() <-chan *Batch { return q.full }

// Done gives a batch back that was fed.
func (q *Queue) Done(b *Batch) {
	q.mu.Lock()
	q.empty = append(q.empty, b)
	q.mu.Unlock()
	q.spare <- struct{}{}
}

// Waiting is how many batches wait to be fed, of how many there are.
func (q *Queue) Waiting() (batches, of int) { return len(q.full), cap(q.full) }

// Counts are the queue's counters.
func (q *Queue) Counts() *QueueCounts { return &q.counts }
