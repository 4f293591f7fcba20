package observe

import (
	"context"
	"sync"
	"testing"

	"downpour"
)

// TestQueueLosesNothing: what several producers put comes out once, and what
// they could not put is counted.
func TestQueueLosesNothing(t *testing.T) {
	q := NewQueue(4)
	const producers, each = 4, 20_000
	var running sync.WaitGroup
	for range producers {
		running.Go(func() {
			for n := 0; n < each; {
				b := q.Take()
				if b == nil {
					q.Shed(1, 0)
					n++
					continue
				}
				for n < each && len(b.Flows) < 100 {
					b.Flows = append(b.Flows, downpour.Flow{Bytes: 1})
					n++
				}
				q.Put(b)
			}
		})
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	var got uint64
	take := func(b *Batch) {
		for i := range b.Flows {
			got += b.Flows[i].Bytes
		}
		q.Done(b)
	}
	for open := true; open; {
		select {
		case b := <-q.Ready():
			take(b)
		case <-done:
			open = false
		}
	}
	for n, _ := q.Waiting(); n > 0; n, _ = q.Waiting() {
		take(<-q.Ready())
	}
	if c := q.Counts(); got != c.Flows.Load() || got+c.ShedFlows.Load() != producers*each {
		t.Errorf("%d came out, %d handed over, %d shed, %d made", got, c.Flows.Load(), c.ShedFlows.Load(), producers*each)
	}
}

// TestQueueWaits: who can wait gets the batch that comes back, or nothing when
// it need not wait any more.
func TestQueueWaits(t *testing.T) {
	q := NewQueue(2)
	a, b := q.Take(), q.Take()
	if a == nil || b == nil || q.Take() != nil {
		t.Fatal("a queue of two batches does not give two")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if q.Wait(ctx) != nil {
		t.Error("an empty batch out of nothing")
	}
	b.Flows = append(b.Flows, downpour.Flow{})
	q.Put(b)
	q.Done(<-q.Ready())
	if again := q.Wait(t.Context()); again != b || len(again.Flows) != 0 {
		t.Error("the batch that came back is not given again, empty")
	}
}

func TestQueueAllocatesNothing(t *testing.T) {
	q := NewQueue(2)
	flow := downpour.Flow{Bytes: 1}
	if n := testing.AllocsPerRun(100, func() {
		b := q.Take()
		for range BatchSize {
			b.Flows = append(b.Flows, flow)
		}
		q.Put(b)
		q.Done(<-q.Ready())
	}); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}
