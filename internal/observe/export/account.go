package export

import (
	"cmp"
	"slices"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// Kind is what Input.Kind says of what is read here.
const Kind = "flow export"

// trouble is what can be wrong with an input besides what decoders refuse.
type trouble uint8

const (
	cutPayload     trouble = iota // by the capture's snap length
	fragmentsLost                 // datagrams of which fragments are missing
	streamGap                     // IPFIX over TCP
	foreign                       // packets of a capture that carry no flow export
	notMessage                    // bytes of a payload that are no message
	exporterMany                  // exporters beyond those that are kept
	templateNever                 // data sets
	sequenceLoss                  // datagrams or records
	cameTwice                     // datagrams
	reordered                     // datagrams
	restarted                     // exporters
	templateChange                // templates that changed their meaning
	clockOff                      // exporters
	farDated                      // records
	noTimeOfDay                   // datagrams of sFlow without a capture's time
	doubled                       // records told by another exporter too
	lineBad                       // of CSV
	troubles
)

// says is what a problem of this kind says.
func (t trouble) says() string {
	return [troubles]string{
		"datagram of flow export that was captured in part only",
		"datagram of flow export of which fragments are missing",
		"gap in a TCP connection that carries IPFIX",
		"packet that carries no flow export, left out",
		"bytes that are no message of flow export, left out",
		"datagram of an exporter beyond those that are kept, left out",
		"data set whose template never came",
		"record or datagram that is missing, by the exporter's sequence numbers",
		"datagram that came twice, left out",
		"datagram out of order",
		"restart of an exporter",
		"template that changed its meaning",
		"exporter's clock is off",
		"record dated more than a day from its arrival",
		"datagram without a time of day: times count from the agent's start",
		"record of traffic that another exporter or direction tells of too, left out",
		"line that is no record",
	}[t]
}

// tally is one problem's first place and count.
type tally struct {
	first int64
	count uint64
}

func (t *tally) add(offset int64, n uint64) {
	if n == 0 {
		return
	}
	if t.count == 0 {
		t.first = offset
	}
	t.count += n
}

// giveBack takes n off again.
func (t *tally) giveBack(n uint64) { t.count -= min(n, t.count) }

// file is the account of one input.
type file struct {
	name    string
	group   string // whose exporter its payloads are
	kind    string
	packets uint64 // datagrams, or messages
	records uint64
	bytes   uint64
	first   int64 // the earliest time of a flow; meaningless without timed
	last    int64
	timed   bool
	trouble [troubles]tally
	refused [flow.Reasons]tally
	// detail is what is said beside a trouble, such as by how much a clock is off.
	detail [troubles]string
	// damage is what the format's reader told of the input itself.
	damage []downpour.Problem
}

// took counts a message.
func (f *file) took(m *Message) {
	f.packets++
	f.bytes += uint64(len(m.Payload))
}

// span widens the time that the input tells of.
func (f *file) span(from, to int64) {
	if !f.timed {
		f.first, f.last, f.timed = from, to, true
		return
	}
	f.first, f.last = min(f.first, from), max(f.last, to)
}

// input is the account as it is shown.
func (f *file) input() downpour.Input {
	in := downpour.Input{
		Name: f.name, Kind: f.kind, Packets: f.packets, Records: f.records, Bytes: f.bytes,
		Problems: f.problems(),
	}
	if f.timed {
		start, end := time.Unix(0, f.first).UTC(), time.Unix(0, f.last).UTC()
		in.Start, in.End = &start, &end
	}
	return in
}

// problems lists what was wrong by where it was first met.
func (f *file) problems() []downpour.Problem {
	told := append([]downpour.Problem{}, f.damage...)
	for t := range troubles {
		if f.trouble[t].count == 0 {
			continue
		}
		says := t.says()
		if f.detail[t] != "" {
			says += " (" + f.detail[t] + ")"
		}
		told = append(told, downpour.Problem{Offset: f.trouble[t].first, Says: says, Count: count(f.trouble[t])})
	}
	for r := range flow.Reasons {
		if f.refused[r].count == 0 {
			continue
		}
		says := "refused: " + r.String()
		if r == flow.NoAddress { // nothing is wrong with it
			says = "record without addresses (of layer 2, of counters, of events), which is no flow"
		}
		told = append(told, downpour.Problem{Offset: f.refused[r].first, Says: says, Count: count(f.refused[r])})
	}
	slices.SortStableFunc(told, func(a, b downpour.Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	return told
}

func count(t tally) int { return int(min(t.count, 1<<53)) } // what JSON numbers hold
