package attack

// vote finds the value that most packets bear, if most bear the same (Boyer and
// Moore 1981): one counter, no table. hits counts the packets that bore the
// value since it last became the candidate; a value that nearly all bear becomes
// the candidate at once, so its share is told to a few packets.
type vote struct {
	value uint32
	lead  uint64
	hits  uint64
}

func (v *vote) cast(value uint32, n uint64) {
	switch {
	case v.value == value && v.lead > 0:
		v.lead += n
		v.hits += n
	case v.lead < n:
		v.value, v.lead, v.hits = value, n-v.lead, n
	default:
		v.lead -= n
	}
}

// share is the candidate's part of total.
func (v *vote) share(total uint64) float64 {
	if total == 0 {
		return 0
	}
	return min(1, float64(v.hits)/float64(total))
}

// portReported is the share of packets from which on a port is the vector's.
const portReported = 0.8

// port returns the port that nearly all packets bear, or nil.
func (v *vote) port(total uint64) *uint16 {
	if v.share(total) < portReported {
		return nil
	}
	p := uint16(v.value)
	return &p
}

// topPorts keeps the few commonest source ports (Space-Saving; Metwally et al.
// 2005): an error then has a service to be matched with.
type topPorts [6]struct {
	port    uint16
	packets uint64
}

func (t *topPorts) add(port uint16, n uint64) {
	least := 0
	for i := range t {
		if t[i].port == port && t[i].packets > 0 {
			t[i].packets += n
			return
		}
		if t[i].packets < t[least].packets {
			least = i
		}
	}
	t[least].port = port
	t[least].packets += n
}

// share is the part of total that the ports also common in other make up.
func (t *topPorts) share(other *topPorts, total, otherTotal uint64) float64 {
	const common = 0.05 // of the other's packets
	var n uint64
	for _, mine := range t {
		for _, its := range other {
			if mine.port == its.port && float64(its.packets) >= common*float64(otherTotal) {
				n += mine.packets
			}
		}
	}
	if total == 0 {
		return 0
	}
	return min(1, float64(n)/float64(total))
}
