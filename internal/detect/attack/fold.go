package attack

import (
	"cmp"
	"math/bits"
	"slices"

	"downpour"
)

// part is one vector of an attack as it is being put together: the kinds that
// make it up, the volume, and the kind that gives it its ports.
type part struct {
	name   string
	lead   kind
	kinds  kindSet
	volume volume
}

// Figures of folding.
const (
	smallestShare = 0.01 // of the attack's packets; a smaller part is noise
	joiningShare  = 0.05 // from which hostile traffic below its floor belongs to the attack
	// joiningRecords is how many records of followed sources it takes to know
	// that traffic below its floor is hostile.
	joiningRecords = 10

	samePorts     = 0.6  // share of a RST's ports from which it is the reflectors' own
	mixedShare    = 0.05 // of each of three kinds of TCP in a mixed flood
	mixedOdd      = 0.1  // and of abnormal flags in it
	fragmented    = 0.5  // share of first fragments from which a flood is one of fragments
	reflectors    = 20   // sources from one port, at least, of an unlisted amplification
	reflectorTTLs = 5    // and distinct TTLs: machines stand at many distances
)

// vectors puts together what the attack consists of, largest first. Parts that
// belong together become one: fragments to the answers they continue, errors and
// resets of reflectors to the reflection, mixed flags to one flood.
func (s *suspect) vectors() []part {
	f := folding{s: s}
	for _, k := range s.active {
		if s.attack.kinds.has(k) || k == kindICMPError || k == kindRST || k == kindUDPFragment {
			f.parts[k] = part{k.traits().vector, k, setOf(k), s.rows[k].ofAttack()}
		}
	}
	f.fragments()
	f.otherFragments()
	f.resets()
	f.errors()
	f.mixedTCP()
	f.junk()
	f.unlisted()
	return f.result()
}

// folding is the work on one attack's parts, by leading kind.
type folding struct {
	s     *suspect
	parts [kinds]part
}

// move joins all of from into to.
func (f *folding) move(from, to kind) { f.share(from, to, 1) }

// share joins a part of from, told from 0 to 1, into to.
func (f *folding) share(from, to kind, part float64) {
	a, b := &f.parts[from], &f.parts[to]
	v := volume{
		uint64(float64(a.volume.packets) * part),
		uint64(float64(a.volume.bytes) * part),
		uint64(float64(a.volume.samples) * part),
	}
	if part == 1 {
		v = a.volume
	}
	b.volume.add(v)
	b.kinds |= a.kinds
	a.volume = a.volume.minus(v)
}

func (f *folding) packets(k kind) uint64 { return f.parts[k].volume.packets }

// dominating returns the largest part among a set of kinds.
func (f *folding) dominating(set kindSet) (best kind, ok bool) {
	for k := range kinds {
		if set.has(k) && f.packets(k) > 0 && (!ok || f.packets(k) > f.packets(best)) {
			best, ok = k, true
		}
	}
	return best, ok
}

// fragments shares later UDP fragments among the amplifications in proportion to
// the first fragments that each sent; without one to continue they are a flood of
// fragments, which then has its own first fragments.
func (f *folding) fragments() {
	if f.packets(kindUDPFragment) == 0 {
		return
	}
	firsts, all := [serviceKinds]uint64{}, uint64(0)
	for k := range serviceKinds {
		if f.packets(k) > 0 {
			firsts[k] = f.s.rows[k].firstFragments
			all += firsts[k]
		}
	}
	rest := float64(all)
	for k, n := range firsts {
		if n > 0 {
			f.share(kindUDPFragment, kind(k), float64(n)/rest)
			rest -= float64(n)
		}
	}
	if k, ok := f.dominating(allServices); ok && all == 0 {
		f.move(kindUDPFragment, k)
	}
	if udp := f.s.rows[kindUDP]; udp != nil && f.packets(kindUDP) > 0 && f.packets(kindUDPFragment) > 0 &&
		float64(udp.firstFragments) >= fragmented*float64(udp.total.samples) {
		f.move(kindUDP, kindUDPFragment)
	}
}

// otherFragments gives later fragments of ICMP or TCP to the flood they continue.
func (f *folding) otherFragments() {
	r := f.s.rows[kindIPFragment]
	if r == nil || f.packets(kindIPFragment) == 0 || r.proto.share(r.total.samples) < portReported {
		return
	}
	var same kindSet
	switch r.proto.value {
	case downpour.ProtocolICMP, downpour.ProtocolICMPv6:
		same = setOf(kindICMP)
	case downpour.ProtocolTCP:
		same = setOf(kindSYN, kindACK, kindRST, kindFIN, kindNull, kindXmas, kindOddTCP)
	}
	if k, ok := f.dominating(same); ok && f.s.rows[k].firstFragments > 0 {
		f.move(kindIPFragment, k)
	}
}

// resets gives the reflectors' RST to the reflection: they come from the ports
// that the SYN-ACKs or web answers come from.
func (f *folding) resets() {
	to, ok := f.dominating(setOf(kindSYNACK, kindMiddlebox))
	if !ok || f.packets(kindRST) == 0 {
		return
	}
	rst, answers := f.s.rows[kindRST], f.s.rows[to]
	if rst.sourcePorts.share(&answers.sourcePorts, rst.total.samples, answers.total.samples) >= samePorts {
		f.move(kindRST, to)
	}
}

// errors gives the reflectors' ICMP errors to what they were asked for: by the
// question that they quote, else, where they are few, to the largest reflection.
func (f *folding) errors() {
	total := f.packets(kindICMPError)
	if total == 0 {
		return
	}
	rest := float64(f.s.rows[kindICMPError].total.packets)
	for k := range serviceKinds {
		if n := float64(f.s.quoted[k]); n > 0 && f.packets(k) > 0 && rest > 0 {
			f.share(kindICMPError, k, min(1, n/rest))
			rest -= n
		}
	}
	to, ok := f.dominating(allServices | setOf(kindSYNACK, kindMiddlebox))
	if !ok || f.packets(kindICMPError) == 0 {
		return
	}
	quotes := f.s.quotedTCP.share(&f.s.rows[to].sourcePorts, total, f.s.rows[to].total.samples)
	if quotes >= samePorts || f.packets(kindICMPError) < f.packets(to) {
		f.move(kindICMPError, to)
	}
}

// mixedTCP makes one flood of what is sent with all kinds of flags: three kinds
// or more, abnormal ones among them.
func (f *folding) mixedTCP() {
	odd := setOf(kindNull, kindXmas, kindOddTCP)
	mixed := odd | setOf(kindSYN, kindSYNACK, kindACK, kindRST, kindFIN)
	var total, abnormal uint64
	for k := range kinds {
		if mixed.has(k) {
			total += f.packets(k)
		}
		if odd.has(k) {
			abnormal += f.packets(k)
		}
	}
	var large kindSet
	for k := range kinds {
		if mixed.has(k) && f.packets(k) > 0 && float64(f.packets(k)) >= mixedShare*float64(total) {
			large |= 1 << k
		}
	}
	if bits.OnesCount64(uint64(large)) < 3 || float64(abnormal) < mixedOdd*float64(total) {
		return
	}
	to, _ := f.dominating(mixed)
	for k := range kinds {
		if mixed.has(k) && k != to {
			f.move(k, to)
		}
	}
	f.parts[to].name = mixedTCP
}

// junk calls what goes to the port of QUIC or DNS a UDP flood if payloads were
// seen and most of them are not that protocol's: the payload decides.
func (f *folding) junk() {
	for _, k := range [...]kind{kindQUIC, kindDNSQuery} {
		r := f.s.rows[k]
		if r == nil || f.packets(k) == 0 || r.payloads == 0 || float64(r.marked) >= payloadProof*float64(r.payloads) {
			continue
		}
		if f.packets(kindUDP) > 0 {
			f.move(k, kindUDP)
			continue
		}
		f.parts[k].name = kindUDP.traits().vector
	}
}

// unlisted calls a UDP flood an amplification if it comes from one port of many
// machines: a service that no table knows.
func (f *folding) unlisted() {
	r := f.s.rows[kindUDP]
	if r == nil || f.packets(kindUDP) == 0 || r.sourcePort.share(r.total.samples) < portReported || r.sourcePort.value == 0 {
		return
	}
	if r.destinationPort.value == r.sourcePort.value && r.destinationPort.share(r.total.samples) >= portReported {
		return // peers of one protocol, or a forger who sets both
	}
	if f.s.sourcesOf(setOf(kindUDP)) >= reflectors && f.s.answerers(r) {
		f.parts[kindUDP].name = udpAmplification
	}
}

// answerers tells whether many machines answer, not one program that forges their
// addresses. They stand at many distances; where TTLs aren't exported, most come
// again and again, with much and from a port that a service can have (RFC 6335, 6:
// from 49152 on none can). A sample hides that: then nothing is said.
func (s *suspect) answerers(r *row) bool {
	const (
		returning    = 4   // packets of a source; random addresses hardly meet twice
		most         = 0.5 // of the sources
		much         = 200 // bytes a packet: several times what is asked
		dynamicPorts = 49152
	)
	ttls := 0
	for _, n := range r.ttls[1:] {
		if n > 0 {
			ttls++
		}
	}
	if ttls > 0 {
		return ttls >= reflectorTTLs
	}
	again := 0
	for i := range s.sources.entries {
		if e := &s.sources.entries[i]; e.kinds&setOf(kindUDP) != 0 && e.Packets >= returning {
			again++
		}
	}
	return float64(again) >= most*float64(s.sourcesOf(setOf(kindUDP))) &&
		r.total.bytes >= much*r.total.packets && r.sourcePort.value < dynamicPorts
}

// result drops what is noise and sorts the rest.
func (f *folding) result() []part {
	var total uint64
	var list []part
	for k, p := range f.parts {
		mine := f.s.attack.kinds.has(kind(k)) || p.kinds&f.s.attack.kinds != 0
		if p.volume.packets > 0 && mine {
			total += p.volume.packets
			list = append(list, p)
		}
	}
	list = slices.DeleteFunc(list, func(p part) bool {
		return float64(p.volume.packets) < smallestShare*float64(total)
	})
	slices.SortStableFunc(list, func(a, b part) int { return cmp.Compare(b.volume.packets, a.volume.packets) })
	return list
}

// sourcesOf counts the sampled sources that sent any of a set of kinds.
func (s *suspect) sourcesOf(set kindSet) (n int) {
	for i := range s.sources.entries {
		if s.sources.entries[i].kinds&set != 0 {
			n++
		}
	}
	return n
}
