package web

import (
	"strings"
	"time"
)

// flowPart is the part of /health/data that tells of flow export.
type flowPart struct {
	View      FlowHealth
	Exporters []exporterRow
	Unknown   []unknownRow
	Waiting   string // how long a second stays provisional
}

// exporterRow is an exporter in words.
type exporterRow struct {
	ExporterHealth
	State                              chip
	Sends, Seen, Rate, Lost, Shortfall string
	Rates, Clock, Hold                 string
	Loads                              []loadRow
}

// loadRow is an interface's load in words.
type loadRow struct{ Name, State, In, Out, Trouble string }

type unknownRow struct {
	UnknownExporter
	Seen string
}

const notKnown = "not known"

func newFlowPart(f Frame, v *FlowHealth) *flowPart {
	if v == nil {
		return nil
	}
	p := &flowPart{View: *v}
	if v.Delay > 0 {
		p.Waiting = seconds(v.Delay)
	}
	for _, e := range v.Exporters {
		p.Exporters = append(p.Exporters, newExporterRow(f, e))
	}
	for _, u := range v.Unknown {
		if u.Sends == "" {
			u.Sends = "nothing that we know"
		}
		p.Unknown = append(p.Unknown, unknownRow{u, age(f.Now, u.LastSeen)})
	}
	return p
}

// notes is how many things about exporters need attention.
func (v *FlowHealth) notes() (n int) {
	if v != nil {
		for i := range v.Exporters {
			n += len(v.Exporters[i].Notes)
		}
	}
	return n
}

func newExporterRow(f Frame, e ExporterHealth) exporterRow {
	r := exporterRow{
		ExporterHealth: e, State: chip{"ok", "sending", "ok"}, Sends: strings.Join(e.Versions, ", "),
		Seen: "never", Rate: "not measured", Lost: lostOf(e), Shortfall: shortfallOf(e),
		Rates: notKnown, Clock: "not told", Hold: notKnown,
	}
	switch {
	case e.LastSeen == nil:
		r.State = chip{"unknown", "never seen", "unknown"}
	case e.Silent:
		r.State = chip{"reported", "silent", "reported"}
	case len(e.Notes) > 0:
		r.State = chip{"reported", "look below", "reported"}
	}
	if e.LastSeen != nil {
		r.Seen = age(f.Now, *e.LastSeen)
	}
	if e.PerSecond != nil {
		r.Rate = count(significant(*e.PerSecond, 3)) + "/s"
	}
	if e.Sampling != 0 {
		r.Rates = "1:" + grouped(float64(e.Sampling))
		if e.SamplingBy != "" {
			r.Rates += " (by " + e.SamplingBy + ")"
		}
	}
	if e.Offset != nil {
		r.Clock = offsetOf(*e.Offset, e.Corrected)
	}
	if e.Delay != nil {
		r.Hold = "up to " + seconds(*e.Delay)
	}
	for _, l := range e.Load {
		r.Loads = append(r.Loads, newLoadRow(l))
	}
	return r
}

// lostOf says what sequence numbers tell, in their own units.
func lostOf(e ExporterHealth) string {
	var words []string
	if e.LostRecords != nil {
		words = append(words, grouped(float64(*e.LostRecords))+" records"+shareOf(*e.LostRecords, e.Records))
	}
	if e.LostDatagrams != nil {
		words = append(words, grouped(float64(*e.LostDatagrams))+" datagrams"+shareOf(*e.LostDatagrams, e.Datagrams))
	}
	if len(words) == 0 {
		return notKnown
	}
	return strings.Join(words, ", ")
}

func shareOf(lost, got uint64) string {
	if lost == 0 {
		return ""
	}
	return " (" + percent(float64(lost)/float64(lost+got)) + ")"
}

// shortfallOf says what came and was not used.
func shortfallOf(e ExporterHealth) string {
	var words []string
	add := func(n uint64, what string) {
		if n > 0 {
			words = append(words, grouped(float64(n))+" "+what)
		}
	}
	add(e.Waiting, "waiting for a template")
	add(e.Dropped, "without a template")
	add(e.Late, "late ("+byteSize(int64(e.LateBytes))+")")
	add(e.Shed, "shed")
	for _, r := range e.Refused {
		add(r.Count, r.Reason)
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// seconds writes a duration in whole seconds, since exporters are set in them.
func seconds(d time.Duration) string { return grouped(d.Seconds()) + nbsp + "s" }

// offsetOf says how far a clock is off.
func offsetOf(o time.Duration, corrected bool) string {
	way := " behind"
	if o < 0 {
		o, way = -o, " ahead"
	}
	text := "right"
	if o >= time.Second {
		text = seconds(o) + way
	}
	if corrected {
		text += ", corrected"
	}
	return text
}

func newLoadRow(l InterfaceLoad) loadRow {
	r := loadRow{Name: l.Name, State: "down", In: loadOf(l.In, l.Speed), Out: loadOf(l.Out, l.Speed), Trouble: "none"}
	if l.Up {
		r.State = "up"
	}
	var words []string
	for _, t := range []struct {
		rate *float64
		what string
	}{{l.Discards, "discarded"}, {l.Errors, "in error"}} {
		if t.rate != nil && *t.rate > 0 {
			words = append(words, scaled(*t.rate, "packets/s")+" "+t.what)
		}
	}
	if len(words) > 0 {
		r.Trouble = strings.Join(words, ", ")
	} else if l.Discards == nil && l.Errors == nil {
		r.Trouble = notKnown
	}
	return r
}

func loadOf(rate *float64, speed uint64) string {
	if rate == nil {
		return notKnown
	}
	text := bitrate(*rate)
	if speed > 0 {
		text += " (" + percent(*rate/float64(speed)) + ")"
	}
	return text
}
