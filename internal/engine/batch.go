package engine

import "downpour"

// batchSize is how many flows are dealt out at once: enough that a partition's
// tables are warm for several of its flows in a row and that a channel's cost
// vanishes, few enough that the flows stay in a core's cache.
const batchSize = 1024

// dealt is the order in which a batch's ends are looked at: partition by
// partition, and within one as they came.
type dealt struct {
	of   [2 * batchSize]uint8            // the partition of each end
	ends [2 * batchSize]downpour.FlowEnd // by partition
	upTo [Partitions]uint16              // where in ends each partition's end
}

// deal finds the partitions of at most batchSize flows (a counting sort).
func (d *dealt) deal(flows []downpour.Flow) {
	clear(d.upTo[:])
	for i := range flows {
		f := &flows[i]
		to, from := partitionOf(f.Destination), partitionOf(f.Source)
		d.of[2*i], d.of[2*i+1] = to, from
		d.upTo[to%Partitions]++
		d.upTo[from%Partitions]++
	}
	sum := uint16(0)
	for p, n := range d.upTo {
		d.upTo[p] = sum
		sum += n
	}
	for i := range flows {
		d.append(d.of[2*i], downpour.DestinationOf(i))
		d.append(d.of[2*i+1], downpour.SourceOf(i))
	}
}

func (d *dealt) append(partition uint8, e downpour.FlowEnd) {
	at := &d.upTo[partition%Partitions]
	d.ends[*at%(2*batchSize)] = e
	*at++
}

// deliver hands every n-th partition from first on its ends of the flows.
func (d *dealt) deliver(partitions []FlowDetector, flows []downpour.Flow, first, n int) {
	for p := first; p < Partitions; p += n {
		from := uint16(0)
		if p > 0 {
			from = d.upTo[p-1]
		}
		if ends := d.ends[from:d.upTo[p]]; len(ends) > 0 {
			partitions[p].Flows(flows, ends)
		}
	}
}
