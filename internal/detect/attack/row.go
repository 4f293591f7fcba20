package attack

import (
	"math"
	"time"

	"downpour"
)

// A suspect's traffic is counted in slots of 20 ms, of which 64 are kept. Fifty
// make the one-second window that all rates are told over, so a window may begin
// anywhere to within 2 %; the rest lets an onset be seen against what came before.
const (
	slotLength  = int64(20 * time.Millisecond)
	slotsKept   = 64
	slotsSecond = int64(time.Second) / slotLength
)

// tally is what is counted of a kind in a stretch of time, beside its volume.
type tally struct {
	volume
	asked   uint64 // packets of the target that ask for such answers
	tracked uint64 // samples of sources that are followed, of which:
	talking uint64 // those of a source that the target converses with
	replied uint64 // those that were before the target's first answer to their source
	repeats uint64 // those with ports that the source used lately
}

func (t *tally) subtract(u *tally) {
	t.volume = t.minus(u.volume)
	t.asked -= u.asked
	t.tracked -= u.tracked
	t.talking -= u.talking
	t.replied -= u.replied
	t.repeats -= u.repeats
}

// foreign is the volume without what is known to be in conversation: a class
// under attack also carries the target's usual traffic.
func (t *tally) foreign(c Class) volume {
	if t.talking == 0 || !c.converses() {
		return t.volume
	}
	return t.part(1 - float64(min(t.talking, t.samples))/float64(t.samples))
}

// silent is the part of the volume that is in no conversation, told by the
// sources that are followed; where none is, nothing is known to be silent.
func (t *tally) silent() volume {
	return t.part(float64(t.tracked-min(t.talking, t.tracked)) / float64(max(t.tracked, 1)))
}

// slot is a tally and the time of its first packet.
type slot struct {
	tally
	first int64
}

// row is all that is counted of one kind toward one suspect. Slots and window
// run on; everything after them is gathered since the suspect's collection began.
type row struct {
	slots    [slotsKept]slot
	window   tally // the last second's slots
	scales   scales
	arrivals arrivals
	gathered
}

// scales hold samples of the two ways against each other, over some seconds:
// a second's worth of thin sampling says nothing of a balance.
type scales struct{ in, out float64 }

// scalesFade is the share that the scales keep from slot to slot: a time constant
// of ten seconds.
const scalesFade = 0.998

func (s *scales) fade() { s.in, s.out = s.in*scalesFade, s.out*scalesFade }

// hostile is the part of what comes in that the other way does not cover, each
// packet of it covering perReply. The other way gets the benefit of two standard
// deviations of chance.
func (s *scales) hostile(perReply float64) float64 {
	if s.in == 0 {
		return 0
	}
	covered := perReply * (s.out + 2*math.Sqrt(s.out) + 2) / s.in
	if covered >= conversing {
		return 0
	}
	return 1 - covered
}

type gathered struct {
	total volume
	// before is what of the total came before the attack's onset, settled what
	// the total was at the attack's last moment.
	before, settled volume
	first, last     int64
	from            int64  // since when the total counts
	firstFragments  uint64 // samples
	marked          uint64 // samples whose payload proves the kind
	payloads        uint64 // samples with a payload to look at
	headers         uint64 // those that bear the fields of a packet's header
	fields          uint64 // of which one at least of id, sequence and window is not 0
	ttls            [256]uint32

	noted    uint64  // samples since the collection began
	followed uint64  // of which: of sources that are followed
	lasting  uint64  // of which: of records that tell of more than this packet
	alike    uint64  // samples that go from a port to the same one
	pairs    portSet // the other sampled ones: sources with their ports

	ports                              portSet // destination ports
	sourcePorts                        topPorts
	sourcePort, destinationPort, proto vote
	id, sequence, window_, length      vote
	steps                              []stepVolume
	ingress                            ingresses
	chance                             chance
}

// answering holds the kinds whose source ports tell who was asked.
const answering = allServices | 1<<kindSYNACK | 1<<kindMiddlebox | 1<<kindRST

// count adds a record to the current slot and to what is gathered.
func (r *row) count(at *slot, f *downpour.Flow, k kind, now int64, v volume) {
	if at.samples == 0 {
		at.first = now
	}
	at.first = min(at.first, now)
	at.volume.add(v)
	r.window.volume.add(v)
	r.scales.in += float64(v.samples)
	if r.total.samples == 0 {
		r.first = now
	}
	r.total.add(v)
	if v.packets != v.samples {
		r.chance.add(v)
	}
	if v.packets != v.samples || r.arrivals.n > 0 {
		r.arrivals.add(now, v)
	}
	r.noted += v.samples
	if f.SourcePort == f.DestinationPort && f.SourcePort != 0 {
		r.alike += v.samples
	}
	r.ingress.add(f.Ingress, v.samples)
	r.last = max(r.last, now)
	r.ttls[f.TTL] = saturate(uint64(r.ttls[f.TTL]) + v.samples)
	if f.Fragment == downpour.FirstFragment {
		r.firstFragments += v.samples
	}
	if f.Mark != downpour.NoPayload {
		r.payloads += v.samples
	}
	if answering.has(k) { // of the others nobody asks
		r.sourcePorts.add(f.SourcePort, v.samples)
	}
	r.sourcePort.cast(uint32(f.SourcePort), v.samples)
	r.ports.add(uint32(f.DestinationPort))
	r.destinationPort.cast(uint32(f.DestinationPort), v.samples)
	r.proto.cast(uint32(f.Protocol), v.samples)
	if f.Packets <= 1 { // the mean size of several is no packet's
		r.length.cast(uint32(f.Bytes), v.samples)
	}
	if !headed(f) {
		return
	}
	r.headers++
	if f.IPID|f.Window == 0 && f.Sequence == 0 {
		return // an exporter that tells the TTL and none of these
	}
	r.fields++
	r.id.cast(uint32(f.IPID), v.samples)
	if f.Protocol == downpour.ProtocolTCP {
		r.sequence.cast(f.Sequence, v.samples)
		r.window_.cast(uint32(f.Window), v.samples)
	}
}

// forget drops what was gathered and keeps the slots, whose volume stays in the
// total: an attack that opens now may have begun in one of them.
func (r *row) forget(from int64) {
	steps, last, chance, of := r.steps[:0], r.last, r.chance, r.total.packets
	r.ingress.reset()
	r.gathered = gathered{steps: steps, ingress: r.ingress, from: from}
	for i := range r.slots {
		if at := &r.slots[i]; at.samples > 0 {
			if r.total.samples == 0 || at.first < r.first {
				r.first = at.first
			}
			r.total.add(at.volume)
			r.last = last
		}
	}
	r.chance = chance.times(float64(r.total.packets) / float64(max(of, 1)))
}

// of is the part of the total that belongs to the attack.
func (r *row) ofAttack() volume { return r.settled.minus(r.before) }
