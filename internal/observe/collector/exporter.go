package collector

import (
	"sync"
	"sync/atomic"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// exporter is one that is accepted. Its datagrams may come in by several sockets
// and connections, so a lock guards it: taken once for each datagram, and hardly
// ever waited for.
type exporter struct {
	address downpour.Address
	handle  uint16 // in Ingresses
	// sent is how many records came in the current interval of fairness, offered
	// those that came in the last; see share.
	sent, offered atomic.Uint64

	mu        sync.Mutex
	told      Exporter
	sender    downpour.Address // the last one; differs from address for some sFlow agents
	netflow   flow.Decoder     // nil before the first datagram of its kind
	sflow     flow.Decoder
	streams   []flow.Decoder // of its connections, one each (IPFIX over TCP)
	past      flow.Stats     // of connections that have ended
	kept      []byte         // templates of an earlier run, until the first datagram
	mistake   error          // why they could not be used
	clock     flow.Clock
	dating    flow.Dating
	delay     delays
	versions  [4]bool // by versionIndex
	count     counts
	lastSeen  int64 // arrival, nanoseconds since the epoch
	firstSeen int64
	believed  int64 // what bound gave last, nanoseconds
	beyond    int   // records later than that since
	rate      rate
}

// counts are what the collector itself counts of an exporter; the decoders count
// the rest.
type counts struct {
	bytes         uint64 // of datagrams
	flows         uint64 // handed on
	late          uint64 // records with a part that came too late
	lateBytes     uint64 // estimated bytes of those parts, which are in no second
	lateWhole     uint64 // of late, those of which nothing was in time
	future        uint64 // records dated after their arrival, counted at it
	redated       uint64 // records dated far from their arrival, moved to it
	shed          uint64 // records thrown away for lack of room
	shedDatagrams uint64 // datagrams not even decoded for lack of time
}

// versionsKnown are the versions in the order of versionIndex.
var versionsKnown = [4]flow.Version{flow.NetFlow5, flow.NetFlow9, flow.IPFIX, flow.SFlow5}

func versionIndex(v flow.Version) int {
	for i, known := range versionsKnown {
		if v == known {
			return i
		}
	}
	return -1
}

// decoder finds or makes the decoder for a protocol. The lock is held.
func (e *exporter) decoder(c *Config, v flow.Version) flow.Decoder {
	if v == flow.SFlow5 {
		if e.sflow == nil {
			e.sflow = c.SFlow()
		}
		return e.sflow
	}
	if e.netflow == nil {
		e.netflow = c.NetFlow(false)
		if t, ok := e.netflow.(templated); ok && len(e.kept) > 0 {
			e.mistake = t.Restore(e.kept)
		}
		e.kept = nil
	}
	return e.netflow
}

// take decodes a datagram that arrived at a time into the output's records and
// readies them for the engine: in our time, with their ingress. The lock is held.
func (e *exporter) take(c *Config, out *output, b []byte, v flow.Version, arrived int64) []flow.Record {
	decoder := out.decoder
	if decoder == nil {
		decoder = e.decoder(c, v)
	}
	records, d := decoder.Decode(out.records[:0], b, arrived)
	out.records = records // grown, perhaps
	e.count.bytes += uint64(len(b))
	e.lastSeen = arrived
	if e.firstSeen == 0 {
		e.firstSeen = arrived
	}
	if i := versionIndex(v); i >= 0 {
		e.versions[i] = true
	}
	e.clock.Add(d.Exported, arrived)
	offset := e.clock.Wrong(c.ClockTolerance)
	for i := range records {
		r := &records[i]
		if e.told.Sampling != 0 {
			r.Sampling = e.told.Sampling
		}
		r.Time += offset
	}
	anew := e.dating.Date(records, arrived)
	e.count.redated += uint64(anew)
	horizon, kept := arrived-int64(c.Patience), 0
	for i := range records {
		r := &records[i]
		if r.Time > arrived && anew == 0 {
			r.Time, r.Duration = arrived, 0
			e.count.future++
		}
		if !e.date(r, arrived, horizon) {
			continue
		}
		r.Ingress = out.numbers.ID(e.handle, r.Input, r.PeerAS)
		if kept != i {
			records[kept] = *r
		}
		kept++
	}
	e.count.flows += uint64(kept)
	return records[:kept]
}

// date notes how late a record came and cuts off what came too late: a volume of
// long ago must not count as one of now, and is counted as late instead. It is
// false if nothing of the record is left.
func (e *exporter) date(r *flow.Record, arrived, horizon int64) bool {
	e.delay.add(arrived - r.Time)
	if arrived-r.Time > e.believed {
		e.beyond++
	}
	if r.Time >= horizon {
		return true
	}
	e.count.late++
	total := int64(r.Duration) * int64(time.Millisecond)
	inTime := r.Time + total - horizon
	if inTime < 0 || total == 0 {
		e.count.lateWhole++
		e.count.lateBytes += r.Bytes * uint64(r.Sampling)
		return false
	}
	share := float64(inTime) / float64(total)
	bytes := uint64(float64(r.Bytes)*share + 0.5)
	e.count.lateBytes += (r.Bytes - bytes) * uint64(r.Sampling)
	r.Bytes, r.Packets = bytes, max(uint32(float64(r.Packets)*share+0.5), 1)
	r.Time, r.Duration = horizon, uint32(inTime/int64(time.Millisecond))
	return true
}
