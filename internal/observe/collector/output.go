package collector

import (
	"time"

	"downpour/internal/observe"
	"downpour/internal/observe/flow"
)

// patienceForRoom is how long a receiver waits for an empty batch: the socket's
// buffer holds what comes meanwhile. After that it sheds, and reads on without
// waiting until there is room again.
const (
	patienceForRoom = 250 * time.Millisecond
	lookForRoom     = time.Millisecond
)

// output collects one goroutine's flows into batches for the queue.
type output struct {
	c       *Collector
	batch   *observe.Batch
	records []flow.Record // of the datagram at hand
	numbers *flow.IngressNumbers
	decoder flow.Decoder // a connection's own; nil for datagrams
	vain    bool         // the last wait for an empty batch
}

func (c *Collector) newOutput() output {
	return output{c: c, numbers: c.cfg.Ingresses.Numbers()}
}

// add takes an exporter's records; those for which there is no room are counted
// as shed.
func (o *output) add(e *exporter, records []flow.Record, arrived int64) {
	if len(records) > 0 && !o.c.share.admit(e, len(records)) {
		o.shed(e, len(records))
		return
	}
	for len(records) > 0 {
		if o.batch == nil && !o.takeBatch() {
			o.shed(e, len(records))
			return
		}
		b := o.batch
		n := min(len(records), observe.BatchSize-len(b.Flows))
		for i := range records[:n] {
			b.Flows = append(b.Flows, records[i].Flow)
		}
		records = records[n:]
		if len(b.Flows) == observe.BatchSize {
			o.flush(arrived)
		}
	}
}

// takeBatch gets an empty batch, waiting a little if there is none.
func (o *output) takeBatch() bool {
	o.batch = o.c.cfg.Queue.Take()
	for waited := time.Duration(0); o.batch == nil && !o.vain && waited < patienceForRoom; waited += lookForRoom {
		o.c.share.short.Store(true)
		time.Sleep(lookForRoom)
		o.batch = o.c.cfg.Queue.Take()
	}
	o.vain = o.batch == nil
	if o.vain {
		o.c.share.short.Store(true)
	}
	return !o.vain
}

// flush hands over what was collected up to a time of arrival.
func (o *output) flush(arrived int64) {
	if o.batch == nil {
		return
	}
	o.batch.Now, o.batch.Delay = arrived, int64(o.c.Delay())
	o.c.cfg.Queue.Put(o.batch)
	o.batch = nil
}

func (o *output) shed(e *exporter, n int) {
	o.c.cfg.Queue.Shed(n, 0)
	e.mu.Lock()
	e.count.shed += uint64(n)
	e.mu.Unlock()
}
