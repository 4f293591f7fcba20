package engine

import "downpour"

// batchSize is how many flows are dealt out at once: enough that a partition's
// tables are warm for several of its flows in a row and that a channel's cost
// vanishes, few enough that the flows stay in a core's cache.
const batchSize = 2048

// nobody is dealt the ends that no detector wants to see.
const nobody = Partitions

// dealt is the order in which a batch's ends are looked at: partition by
// partition, and within one as they came.
type dealt struct {
	of   [2 * batchSize]uint8   // the partition of each end
	upTo [Partitions + 1]uint16 // where each partition's ends stop
}

// deal finds the partitions of the ends of at most batchSize flows and puts the
// ends in order (a counting sort). Where it is told which addresses are ours, it
// leaves out what concerns nobody of us: all of a flow between others, and of one
// that comes from outside the source, unless others are followed too.
func (d *dealt) deal(flows []downpour.Flow, ends []downpour.FlowEnd, ours func(downpour.Address) bool, others bool) {
	clear(d.upTo[:])
	if ours == nil {
		for i := range flows {
			f := &flows[i]
			d.note(i, partitionOf(f.Destination), partitionOf(f.Source))
		}
	} else {
		for i := range flows {
			f := &flows[i]
			to, from := uint8(nobody), uint8(nobody)
			if ours(f.Source) {
				to, from = partitionOf(f.Destination), partitionOf(f.Source)
			} else if ours(f.Destination) {
				to = partitionOf(f.Destination)
				if others {
					from = partitionOf(f.Source)
				}
			}
			d.note(i, to, from)
		}
	}
	sum := uint16(0)
	for p, n := range d.upTo {
		d.upTo[p] = sum
		sum += n
	}
	ends = ends[:2*len(flows)]
	for i := range flows {
		d.place(ends, d.of[2*i], downpour.DestinationOf(i))
		d.place(ends, d.of[2*i+1], downpour.SourceOf(i))
	}
}

func (d *dealt) note(i int, to, from uint8) {
	d.of[2*i], d.of[2*i+1] = to, from
	d.upTo[to%(2*Partitions)]++
	d.upTo[from%(2*Partitions)]++
}

func (d *dealt) place(ends []downpour.FlowEnd, partition uint8, e downpour.FlowEnd) {
	at := &d.upTo[partition%(2*Partitions)]
	ends[*at] = e
	*at++
}
