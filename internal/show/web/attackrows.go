package web

import (
	"slices"
	"strconv"
	"time"

	"downpour"
)

// evenedSteps is into how many steps a timeline of sampled packets is drawn at most.
const evenedSteps = 60

// evened is a timeline in fewer, longer steps, each the mean of those that it is made of.
func evened(t downpour.Timeline) downpour.Timeline {
	steps := 0
	for _, v := range t.Rates {
		steps = max(steps, len(v.Counted()))
	}
	each := (steps + evenedSteps - 1) / evenedSteps
	if each < 2 {
		return t
	}
	out := downpour.Timeline{Start: t.Start, Step: t.Step * float64(each)}
	for _, v := range t.Rates {
		out.Rates = append(out.Rates, downpour.VectorTimeline{Vector: v.Vector, Packets: means(v.Packets, each), Bits: means(v.Bits, each), Requests: means(v.Requests, each)})
	}
	return out
}

// means are the means of so many rates each, the last of what is left.
func means(rates []float64, each int) (out []float64) {
	for part := range slices.Chunk(rates, each) {
		sum := 0.0
		for _, r := range part {
			sum += r
		}
		out = append(out, sum/float64(len(part)))
	}
	return out
}

// expectedRow is what was expected of a class, and what came.
type expectedRow struct {
	Class              string
	Usual, Limit, Peak string
	Times              string // by how much the limit was passed, in the unit that it was passed by more
}

func expectedRows(a downpour.Attack) (out []expectedRow) {
	for _, e := range a.Expected {
		row := expectedRow{Class: className(e.Class)}
		row.Usual = packetrate(e.Usual.Packets) + ", " + bitrate(e.Usual.Bits)
		if e.Usual == (downpour.TrafficRate{}) {
			row.Usual = "nothing is known"
		}
		row.Peak = packetrate(e.Peak.Packets) + ", " + bitrate(e.Peak.Bits)
		times := 0.0
		if l := e.Limit.Packets; l != nil && *l > 0 {
			row.Limit, times = packetrate(*l), e.Peak.Packets / *l
		}
		if l := e.Limit.Bits; l != nil && *l > 0 {
			if row.Limit != "" {
				row.Limit += " or "
			}
			row.Limit += bitrate(*l)
			times = max(times, e.Peak.Bits / *l)
		}
		row.Times = strconv.FormatFloat(significant(times, 2), 'f', -1, 64) + " times"
		out = append(out, row)
	}
	return out
}

// className is a class in words, as people call it.
func className(word string) string {
	names := map[string]string{
		"amplification": "UDP from amplifying services", "syn": "TCP SYN", "syn_ack": "TCP SYN-ACK", "fragments": "IP fragments",
		"tcp_abnormal": "TCP with abnormal flags", "icmp_errors": "ICMP errors", "tcp": "TCP ACK and data", "tcp_close": "TCP RST and FIN",
		"udp": "Other UDP", "dns_queries": "DNS queries", "icmp": "ICMP", "other": "Other IP protocols",
	}
	if n := names[word]; n != "" {
		return n
	}
	return word
}

// vectorRow is a vector with its share and its ports.
type vectorRow struct {
	Colour, Name, Share, Protocol, From, To string
}

func vectorRows(a downpour.Attack) (out []vectorRow) {
	port := func(p *uint16) string {
		if p == nil {
			return "many"
		}
		return strconv.Itoa(int(*p))
	}
	for _, v := range a.Vectors {
		row := vectorRow{Colour: vectorClass(v.Name), Name: v.Name, Share: percent(v.Share), Protocol: v.Protocol}
		if v.Protocol == "tcp" || v.Protocol == "udp" {
			row.From, row.To = port(v.SourcePort), port(v.DestinationPort)
		}
		out = append(out, row)
	}
	return out
}

// phaseRow is a stretch in which the same vectors dominate.
type phaseRow struct {
	Number     int
	Start, End time.Time
	Lasted     string
	Vectors    string
}

// phaseText is a phase on the drawing: its number and its vectors.
func phaseText(i int, p downpour.Phase) string {
	text := strconv.Itoa(i + 1)
	for n, v := range p.Vectors {
		if n == 0 {
			text += " " + v
		} else {
			text += ", " + v
		}
	}
	return text
}

// markRows are what an attack's requests have in common.
func markRows(m *downpour.RequestMarks) []markRow {
	if m == nil {
		return nil
	}
	return []markRow{{"Paths", m.Paths}, {"Networks", m.Networks}, {"Agents", m.Agents}}
}
