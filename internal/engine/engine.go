// Package engine is the one corridor that all observations walk, live, replayed
// or offline. It takes time from the observations (event time), never from a
// clock; it hands each target's observations to the one detector that owns that
// target; and the same input gives the same events in the same order, however
// many shards work on it.
//
// Flow export tells of a flow up to minutes after it began, and of minutes at once.
// Where an input says so (observe.Batch.Delay), flows wait until no more can come
// of their second; detectors then see whole seconds, long flows in parts of a
// second, and their time stays behind the input's by the delay. What shows an
// attack before is judged ahead and told of as provisional. Where nothing is held
// back flows go straight through.
//
// Targets are spread over a fixed number of partitions, each with a detector
// and bounded tables of its own. Shards are goroutines that serve partitions;
// because no state is shared between partitions, their number changes the speed
// and nothing else.
package engine

import "downpour"

// Partitions is the fixed number of partitions. Tables are bounded per
// partition, so this number is part of what makes results reproducible.
const Partitions = 64

// Detector is what all detectors have in common: they are told how time passes,
// and say what they found. Each is called from one goroutine at a time.
type Detector interface {
	// Tick says that event time has reached now (a whole second, nanoseconds
	// since the epoch). Time may jump by any amount. Observations older than now
	// may still come (they are late and few).
	Tick(now int64)
	// Finish says that the input has ended at event time now.
	Finish(now int64)
	// Events appends what there is to say since the last call and forgets it.
	Events(dst []downpour.Event) []downpour.Event
}

// FlowDetector owns the targets of one partition.
type FlowDetector interface {
	Detector
	// Flows sees those ends of a batch's flows that are of this partition, in the
	// order of the input. A flow between two targets is seen at both ends, by the
	// detectors of both. Neither flows nor ends may be changed or kept.
	Flows(flows []downpour.Flow, ends []downpour.FlowEnd)
}

// CountDetector owns the series of reports of all services.
type CountDetector interface {
	Detector
	Count(c *downpour.ReportCount)
}

// RequestDetector owns the series of requests of all services and hosts. A
// request's strings hold only during the call.
type RequestDetector interface {
	Detector
	Request(r *downpour.Request)
}

// Joint is a detector of what no partition shows alone. It is called after all of
// them, when none works, with what they say, and returns that as it is to be told.
type Joint interface {
	// Turn says that event time has reached now, or (finish) that the input ends then.
	Turn(now int64, finish bool, said []downpour.Event) []downpour.Event
}

// tell tells a detector that time has reached now, or that the input has ended
// then, and appends what it says to dst.
func tell(d Detector, now int64, finish bool, dst []downpour.Event) []downpour.Event {
	if finish {
		d.Finish(now)
	} else {
		d.Tick(now)
	}
	return d.Events(dst)
}
