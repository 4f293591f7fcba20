package live

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"downpour/internal/observe/collector"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/overlap"
	"downpour/internal/show/web"
	"downpour/internal/wording"
)

// versionName says a protocol in people's words.
func versionName(v flow.Version) string {
	switch v {
	case flow.NetFlow5, flow.NetFlow9:
		return "NetFlow v" + v.String()
	case flow.IPFIX:
		return "IPFIX"
	case flow.SFlow5:
		return "sFlow v5"
	case 0:
		return ""
	}
	return fmt.Sprintf("version %d of NetFlow, which is not supported", uint8(v))
}

// flowStatus looks at the collector of flow export; nil if there is none.
func (l *Live) flowStatus() *collector.Status {
	if l.cfg.Telemetry == nil || l.cfg.Telemetry.Flow == nil {
		return nil
	}
	s := l.cfg.Telemetry.Flow.Status()
	return &s
}

// flowHealth tells how flow export comes in; nil if none is received.
func (l *Live) flowHealth(s *collector.Status, now time.Time) (*web.FlowHealth, []web.Warning) {
	if s == nil {
		return nil, nil
	}
	bound := l.cfg.Telemetry.Flow.Bound()
	v := &web.FlowHealth{UnknownDatagrams: s.UnknownDatagrams, Delay: s.Delay}
	for _, e := range bound {
		v.Listen = append(v.Listen, e.String())
	}
	for i := range s.Exporters {
		v.Exporters = append(v.Exporters, exporterHealth(&s.Exporters[i], s.Patience, now))
	}
	v.Overlap = l.overlapSays(s)
	if !anySent(v.Exporters) {
		v.Setup = setupLines(bound, ownAddress)
	}
	for _, u := range s.Unknown {
		v.Unknown = append(v.Unknown, web.UnknownExporter{
			Address: u.Address.String(), Sends: versionName(u.Version), Datagrams: u.Datagrams, LastSeen: u.Last,
		})
	}
	return v, l.flowWarnings(s)
}

// viewsShown bounds the sentences on what is left out.
const viewsShown = 20

// overlapSays tells what was left out because several exporters, or both
// directions of one, told of it.
func (l *Live) overlapSays(s *collector.Status) (out []string) {
	measuring := 0
	for _, v := range s.Views {
		switch v.State {
		case overlap.Measuring:
			measuring++
		case overlap.LeftOut, overlap.Partly:
			if len(out) < viewsShown {
				out = append(out, l.placeOf(v.Exporter, v.Interface)+" "+v.Says+".")
			}
		case overlap.Counted:
		}
	}
	if measuring > 0 {
		out = append(out, "Of "+wording.Count(measuring, "place", "places")+" it is not known yet whether others tell of the same traffic: what two tell of one flow counts once meanwhile.")
	}
	if s.Overlap.Crowded > 0 {
		out = append(out, grouped(s.Overlap.Crowded)+" records came by more interfaces than are compared; they count.")
	}
	return out
}

// placeOf names an exporter's interface.
func (l *Live) placeOf(exporter uint16, index uint32) string {
	t := l.cfg.Telemetry.Ingresses
	place := t.Lookup(t.ID(exporter, index, 0))
	if place.Interface == "" {
		return place.Exporter
	}
	return place.Exporter + ", interface " + place.Interface
}

func anySent(list []web.ExporterHealth) bool {
	return slices.ContainsFunc(list, func(e web.ExporterHealth) bool { return e.LastSeen != nil })
}

// exporterHealth is an exporter's row.
func exporterHealth(e *collector.ExporterStatus, patience time.Duration, now time.Time) web.ExporterHealth {
	h := web.ExporterHealth{
		Name: e.Name, Datagrams: e.Stats.Datagrams, Records: e.Stats.Records, Options: e.Stats.Options,
		Misses: e.Stats.Misses, Waiting: e.Stats.Waiting, Dropped: e.Stats.Dropped,
		Sampling: e.Sampling, SamplingBy: e.SamplingBy, Late: e.Late, LateBytes: e.LateBytes, Shed: e.Shed,
	}
	if a := e.Address.String(); a != e.Name {
		h.Address = a
	}
	if e.Via.IsValid() {
		h.Via = e.Via.String()
	}
	for _, v := range e.Versions {
		h.Versions = append(h.Versions, versionName(v))
	}
	for r := flow.OK + 1; r < flow.Reasons; r++ {
		if n := e.Stats.Refused[r]; n > 0 {
			h.Refused = append(h.Refused, web.Shed{Where: e.Name, Reason: r.String(), Count: n})
		}
	}
	if e.LastSeen.IsZero() {
		return h
	}
	seen := e.LastSeen
	h.LastSeen, h.PerSecond, h.Silent = &seen, &e.PerSecond, now.Sub(seen) > silence
	lostUnits(e, &h)
	if e.Clocked {
		behind := e.Offset
		h.Offset, h.Corrected = &behind, e.Corrected
	}
	if e.Delay > 0 {
		h.Delay = &e.Delay
	}
	h.Load = loads(e.Interfaces)
	h.Notes = exporterNotes(e, &h, patience, now)
	return h
}

// lostUnits says in which units losses are told: each protocol has its own.
func lostUnits(e *collector.ExporterStatus, h *web.ExporterHealth) {
	sends := func(v flow.Version) bool { return slices.Contains(e.Versions, v) }
	if sends(flow.NetFlow5) || sends(flow.IPFIX) {
		h.LostRecords = &e.LostRecords
	}
	if sends(flow.NetFlow9) || sends(flow.SFlow5) {
		h.LostDatagrams = &e.LostDatagrams
	}
}

// busiestLoads are the interfaces of an exporter that are shown.
const busiestLoads = 50

// loads are the busiest interfaces' loads.
func loads(all []flow.InterfaceLoad) (out []web.InterfaceLoad) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b flow.InterfaceLoad) int {
		return cmp.Compare(b.In.Bits.Value+b.Out.Bits.Value, a.In.Bits.Value+a.Out.Bits.Value)
	})
	for _, i := range all[:min(len(all), busiestLoads)] {
		row := web.InterfaceLoad{
			Name: i.Name, Up: i.Up, Speed: i.Speed, In: known(i.In.Bits), Out: known(i.Out.Bits),
			Discards: both(i.In.Discards, i.Out.Discards), Errors: both(i.In.Errors, i.Out.Errors),
		}
		if row.Name == "" {
			row.Name = fmt.Sprint(i.Index)
		}
		out = append(out, row)
	}
	return out
}

func known(r flow.Rate) *float64 {
	if !r.Known {
		return nil
	}
	return &r.Value
}

// both adds up two directions as far as they are known.
func both(a, b flow.Rate) *float64 {
	return known(flow.Rate{Value: a.Value + b.Value, Known: a.Known || b.Known})
}

// flowInput is flow export as one input, for the list of all.
func flowInput(v *web.FlowHealth) []web.InputHealth {
	if v == nil {
		return nil
	}
	in := web.InputHealth{Name: "flow export", Kind: wording.Count(len(v.Exporters), "exporter", "exporters"), Silent: len(v.Exporters) > 0}
	rate := 0.0
	for i := range v.Exporters {
		e := &v.Exporters[i]
		in.Received += e.Records
		in.Shed += e.Shed
		if e.LostRecords != nil {
			in.Lost = sumOf(in.Lost, *e.LostRecords)
		}
		if e.PerSecond != nil {
			rate += *e.PerSecond
			in.PerSecond = &rate
		}
		if e.LastSeen != nil {
			in.Silent = in.Silent && e.Silent
			if in.LastSeen == nil || e.LastSeen.After(*in.LastSeen) {
				in.LastSeen = e.LastSeen
			}
		}
	}
	in.Silent = in.Silent && in.LastSeen != nil
	return []web.InputHealth{in}
}

func sumOf(a *uint64, b uint64) *uint64 {
	if a != nil {
		b += *a
	}
	return &b
}
