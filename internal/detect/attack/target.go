package attack

import (
	"math"
	"math/bits"
	"time"

	"downpour"
)

// volume is how much a flow stands for, after its sampling is accounted for.
type volume struct {
	packets, bytes uint64
	samples        uint64 // packets really seen
}

func (v *volume) add(w volume) {
	v.packets += w.packets
	v.bytes += w.bytes
	v.samples += w.samples
}

func (v volume) minus(w volume) volume {
	return volume{v.packets - min(v.packets, w.packets), v.bytes - min(v.bytes, w.bytes), v.samples - min(v.samples, w.samples)}
}

// part is a share of the volume.
func (v volume) part(share float64) volume {
	return volume{
		uint64(float64(v.packets) * share), uint64(float64(v.bytes) * share), uint64(float64(v.samples) * share),
	}
}

// seenBytes is what was seen of the bytes, before sampling is accounted for.
func (v volume) seenBytes() uint64 {
	if v.packets == v.samples {
		return v.bytes
	}
	return v.bytes / (v.packets / v.samples)
}

// The most that a record can stand for. More is damage, and must not overflow
// the sums: 2^40 packets, 128 KiB a packet (the largest IP packet is half), 1 PiB.
const (
	mostPackets       = 1 << 40
	mostBytesOfPacket = 1 << 17
	mostBytes         = 1 << 50
)

// volumeOf scales a flow up by its sampling rate.
func volumeOf(f *downpour.Flow) volume {
	samples := uint64(max(f.Packets, 1))
	if f.Sampling <= 1 {
		return volume{samples, min(f.Bytes, samples*mostBytesOfPacket), samples}
	}
	rate := uint64(f.Sampling)
	return volume{min(samples*rate, mostPackets), min(f.Bytes, samples*mostBytesOfPacket, mostBytes/rate) * rate, samples}
}

// target is one address's compact state: what came in the current second, and
// what is usual. It is 256 bytes, all of tier one.
type target struct {
	address downpour.Address
	first   int64 // when it was first seen
	start   int64 // when the current second began: with its first flow
	refused int64 // until when no heavy counters are to be had
	suspect *suspect
	ours    bool
	group   uint8  // whose floors hold; 0 is none
	minutes uint8  // number + 1 of its first entry in the minute at hand; 0 if it has none
	thin    uint8  // 1 of 2^thin packets is seen, or nearly so, in its latest flow
	load    uint32 // packets in the current second, of all classes
	before  uint32 // and in the one before it
	season  uint32 // number + 1 of its first season; 0 if it has none
	current [classes]struct{ packets, bytes uint32 }
	usual   [classes]usualRate
}

// usualRate is what is usual of a class: packets/s and bits/s.
type usualRate struct{ packets, bits float32 }

// second is the length of the window that all rates are told over.
const second = int64(time.Second)

// count adds a flow of class c and returns what the current second holds of it.
func (t *target) count(c Class, v volume) (packets, bytes uint32) {
	t.load = saturate(uint64(t.load) + v.packets)
	n := &t.current[c]
	n.packets = saturate(uint64(n.packets) + v.packets)
	n.bytes = saturate(uint64(n.bytes) + v.bytes)
	return n.packets, n.bytes
}

// weight is what counts of the load when others want its place: a second that has
// just begun says nothing.
func (t *target) weight() uint32 { return max(t.load, t.before) }

func saturate(v uint64) uint32 { return uint32(min(v, math.MaxUint32)) }

// roll begins a new second of a target at time now. What the last one held teaches
// what is usual, unless the target is under attack.
func (d *Detector) roll(t *target, now int64) {
	d.note(t, t.start+second)
	if t.suspect == nil || !t.suspect.open() {
		d.learn(t, now)
	} else if t.season != 0 {
		d.spoil(t)
	}
	t.current = [classes]struct{ packets, bytes uint32 }{}
	t.before = 0
	if now-t.start < 2*second {
		t.before = t.load
	}
	t.start, t.load = now, 0
}

// learn moves the usual maximum: slowly up toward a busier second, very slowly
// down with time. What comes near its floor has a season beside it.
func (d *Detector) learn(t *target, now int64) {
	rate := float32(d.cfg.LearnRate)
	fade := float32(math.Exp2(-float64(now-t.start) / float64(d.cfg.UsualHalfLife)))
	busy := uint16(0)
	for c := range t.usual {
		u, n, w := &t.usual[c], &t.current[c], &d.levels[t.group].worth[c]
		u.packets = approach(u.packets*fade, float32(n.packets), rate)
		u.bits = approach(u.bits*fade, float32(n.bytes)*8, rate)
		if u.packets >= w.packets || u.bits >= w.bits {
			busy |= 1 << c
		}
	}
	if busy != 0 || t.season != 0 {
		d.season(t, busy, now)
	}
}

// seen is what the second at hand says of the rate of a class, for a season or a minute. Of few sampled packets it
// is one standard deviation less than what they stand for: the busiest of many seconds is
// busy by chance, and one packet at 1:4000 is no 4,000 a second. It is not more than one,
// since where every N-th packet is taken there is no such chance.
func (t *target) seen(c Class) usualRate {
	n := &t.current[c]
	rate := usualRate{float32(n.packets), float32(n.bytes) * 8}
	if t.thin == 0 || n.packets == 0 {
		return rate
	}
	const deviations = 1
	part := float32(garwood(max(float64(n.packets>>t.thin), 1), deviations))
	return usualRate{rate.packets * part, rate.bits * part}
}

// thinned notes the sampling of the target's latest flow, 1:N.
func (t *target) thinned(sampling uint32) { t.thin = uint8(bits.Len32(max(sampling, 1) - 1)) }

func approach(usual, seen, rate float32) float32 {
	if seen > usual {
		usual += (seen - usual) * rate
	}
	return usual
}

// limit is the rate above which the class would be an attack: Rise times the
// usual, and never less than the floor.
func (t *target) limit(c Class, cfg *Config) Floor {
	floor, usual := cfg.floorsOf(t.group)[c], t.usual[c]
	l := Floor{Packets: max(floor.Packets, cfg.Rise*float64(usual.packets))}
	if floor.Bits > 0 {
		l.Bits = max(floor.Bits, cfg.Rise*float64(usual.bits))
	}
	if floor.Packets == 0 {
		l.Packets = 0
	}
	return l
}

// stirring is the least that a second holds of a class before it can be
// suspicious: what all flows of quiet targets are held against, in whole numbers
// and without the usual.
type stirring struct{ packets, bytes uint32 }

func stirringOf(floor Floor, suspicion float64) stirring {
	least := func(floor float64) uint32 {
		if floor <= 0 {
			return math.MaxUint32
		}
		return uint32(min(math.Ceil(floor*suspicion), math.MaxUint32))
	}
	return stirring{least(floor.Packets), least(floor.Bits / 8)}
}

func (s stirring) reached(packets, bytes uint32) bool {
	return packets >= s.packets || bytes >= s.bytes
}

// unusual is what part of the usual, which follows the busiest seconds, a rate must
// reach to be worth a closer look: any second of a steady rate is a little busier
// than most.
const unusual = 1.25

// exceeded tells whether a rate in packets/s and bits/s is not usual.
func (u *usualRate) exceeded(packets, bits float64) bool {
	return packets > unusual*float64(u.packets) || bits > unusual*float64(u.bits)
}

// suspicious tells whether the current second gives reason to look closer. A
// single sampled packet, though it stands for thousands, does not.
func (t *target) suspicious(c Class, v volume, packets, bytes uint32, cfg *Config) bool {
	const fewestSamples = 4
	floor, usual := &cfg.floorsOf(t.group)[c], &t.usual[c]
	p, b := float64(packets), float64(bytes)*8
	overPackets := floor.Packets > 0 && p >= floor.Packets*cfg.Suspicion && p > unusual*float64(usual.packets)
	overBits := floor.Bits > 0 && b >= floor.Bits*cfg.Suspicion && b > unusual*float64(usual.bits)
	if !overPackets && !overBits {
		return false
	}
	return v.packets == v.samples || uint64(packets)*v.samples >= fewestSamples*v.packets
}
