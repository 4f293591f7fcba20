package attack

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"downpour"
)

// why puts the rule that fired into a sentence with its numbers, in that of the two
// units in which the limit is passed by more:
// "UDP from port 123 to 198.51.100.7 was 3.1 Gbit/s [2.9, 3.3]; expected at most 12 Mbit/s, and 3 times that is an attack".
func (s *suspect) why() string {
	if s.attack.short != nil {
		return s.attack.short.String()
	}
	c := s.attack.lead
	st := &s.classes[c]
	floor := s.cfg.floorsOf(s.target.group)[c]
	packets, bits := s.peakOf(st)
	was, expected := withLimits(bits, bitRate), s.expectation(float64(st.usual.bits), floor.Bits, bitRate)
	if st.limit.Bits == 0 || st.limit.Packets > 0 && packets.Value/st.limit.Packets >= bits.Value/st.limit.Bits {
		was, expected = withLimits(packets, packetRate), s.expectation(float64(st.usual.packets), floor.Packets, packetRate)
	}
	what, port := s.culprit(c)
	return fmt.Sprintf("%s to %s%s was %s; expected at most %s", what, s.subject(), port, was, expected)
}

// expected tells, of each class that passed its limit, what the limit rests on; the one
// that passed it first comes first.
func (s *suspect) expected() (list []downpour.Expectation) {
	of := func(c Class) downpour.Expectation {
		st := s.classes[c] // a copy: what is told does not change any more
		e := downpour.Expectation{
			Class: c.Word(),
			Usual: downpour.TrafficRate{Packets: float64(st.usual.packets), Bits: float64(st.usual.bits)},
			Peak:  downpour.TrafficRate{Packets: float64(st.peak.packets), Bits: float64(st.peak.bytes) * 8},
		}
		if st.limit.Packets > 0 {
			e.Limit.Packets = &st.limit.Packets
		}
		if st.limit.Bits > 0 {
			e.Limit.Bits = &st.limit.Bits
		}
		return e
	}
	list = append(list, of(s.attack.lead))
	for c := range Class(classes) {
		if s.classes[c].alarmed && c != s.attack.lead {
			list = append(list, of(c))
		}
	}
	return list
}

// peakOf is the busiest second of a class while it was attacked, in packets/s and bits/s.
func (s *suspect) peakOf(st *classState) (packets, bits downpour.Estimate) {
	samples, rate := float64(max(st.peak.samples, 1)), 1.0
	if st.peak.samples > 0 && st.peak.packets > st.peak.samples {
		rate = float64(st.peak.packets) / samples
	}
	var sum downpour.Sampled
	sum.Add(float64(st.peak.packets)/rate, float64(st.peak.bytes)*8/rate, rate)
	return sum.PacketsEstimate(), sum.BytesEstimate()
}

// culprit names the traffic of a class by what nearly all of it has in common; port is
// what to add to its target.
func (s *suspect) culprit(c Class) (name, port string) {
	var all uint64
	var most *row
	var main kind
	for _, k := range s.active {
		if r := s.rows[k]; kindClasses[k] == c {
			all += r.total.samples
			if most == nil || r.total.samples > most.total.samples {
				most, main = r, k
			}
		}
	}
	if most == nil || float64(most.total.samples) < portReported*float64(all) {
		return c.String(), ""
	}
	name = main.culprit()
	if main == kindProtocol {
		return "IP protocol " + protocolName("", most), ""
	}
	if p := most.sourcePort.port(most.total.samples); p != nil && (main.isService() || main == kindUDP) {
		return name + " from port " + strconv.Itoa(int(*p)), ""
	}
	if main.isService() {
		return services[main].name + " answers over " + name, ""
	}
	if p := most.destinationPort.port(most.total.samples); p != nil && (main == kindUDP || main == kindSYN || main == kindACK) {
		port = " port " + strconv.Itoa(int(*p))
	}
	return name, port
}

// culprit is what a kind is called where it is the subject of a sentence.
func (k kind) culprit() string {
	switch k {
	case kindQUIC:
		return "QUIC"
	case kindUDPFragment:
		return "UDP in fragments"
	case kindIPFragment:
		return "IP in fragments"
	case kindMiddlebox:
		return "Web traffic that nobody asked for"
	case kindRST:
		return "TCP RST"
	case kindFIN:
		return "TCP FIN"
	case kindNull:
		return "TCP without flags"
	case kindGRE:
		return "GRE"
	case kindESP:
		return "ESP"
	}
	if k.traits().protocol == "udp" && k != kindDNSQuery {
		return "UDP"
	}
	return kindClasses[k].String()
}

// expectation tells the most that was expected of a rate, and where that comes from.
func (s *suspect) expectation(usual, floor float64, write func(float64) string) string {
	switch {
	case s.cfg.Rise*usual > floor:
		return fmt.Sprintf("%s, and %g times that is an attack", write(usual), s.cfg.Rise)
	case usual > 0:
		return fmt.Sprintf("%s, the floor (usual is up to %s)", write(floor), write(usual))
	}
	return write(floor) + ", the floor (nothing usual is known)"
}

// withLimits writes an estimate with its limits, if it has any: 3.1 Gbit/s [2.9, 3.3].
func withLimits(e downpour.Estimate, write func(float64) string) string {
	value := write(e.Value)
	if e.Low == e.High {
		return value
	}
	_, unit, _ := strings.Cut(value, " ")
	low, lowUnit, _ := strings.Cut(write(e.Low), " ")
	high, highUnit, _ := strings.Cut(write(e.High), " ")
	if lowUnit != unit {
		low += " " + lowUnit
	}
	if highUnit != unit {
		high += " " + highUnit
	}
	return fmt.Sprintf("%s [%s, %s]", value, low, high)
}

// bitRate writes bits/s with two figures or three.
func bitRate(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "Tbit/s"}, {1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}} {
		if v >= 0.9995*u.size {
			return threeFigures(v/u.size) + " " + u.name
		}
	}
	return threeFigures(v) + " bit/s"
}

// packetRate writes packets/s with three figures, thousands separated.
func packetRate(v float64) string {
	if v >= 1000 {
		step := math.Pow(10, math.Floor(math.Log10(v))-2)
		v = math.Round(v/step) * step
	}
	return figure(v) + " packets/s"
}

// threeFigures writes a number below 1,000 with two figures, or with three from 100 on.
func threeFigures(v float64) string {
	if v < 9.95 {
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// figure writes a number with thousands separated.
func figure(v float64) string {
	digits := strconv.FormatInt(int64(math.Round(v)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
