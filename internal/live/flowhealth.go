package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"downpour/internal/observe/collector"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/overlap"
	"downpour/internal/show/web"
)

// What is worth a word to the operator.
const (
	silence      = 3 * time.Minute  // routers with traffic send each second, and templates each few minutes
	longHold     = 15 * time.Second // a longer active timeout hides what is shorter
	advisedHold  = 10 * time.Second // and this is what to set
	lossToTell   = 0.001            // of what came
	lateToTell   = 0.01             // of the records
	settled      = 30 * time.Second // of sending, before a delay is judged
	busiestLoads = 50               // interfaces of an exporter that are shown
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

// flowHealth tells how flow export comes in; nil if none is received.
func (l *Live) flowHealth(now time.Time) (*web.FlowHealth, []web.Warning) {
	t := l.cfg.Telemetry
	if t == nil || t.Flow == nil {
		return nil, nil
	}
	s := t.Flow.Status()
	v := &web.FlowHealth{UnknownDatagrams: s.UnknownDatagrams, Delay: s.Delay}
	for _, e := range t.Flow.Bound() {
		v.Listen = append(v.Listen, e.String())
	}
	for i := range s.Exporters {
		v.Exporters = append(v.Exporters, exporterHealth(&s.Exporters[i], s.Patience, now))
	}
	v.Overlap = l.overlapSays(&s)
	if !anySent(v.Exporters) {
		v.Setup = setupLines(t.Flow.Bound(), ownAddress)
	}
	for _, u := range s.Unknown {
		v.Unknown = append(v.Unknown, web.UnknownExporter{
			Address: u.Address.String(), Sends: versionName(u.Version), Datagrams: u.Datagrams, LastSeen: u.Last,
		})
	}
	return v, l.flowWarnings(&s)
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
		out = append(out, fmt.Sprintf("Of %d places it is not known yet whether others tell of the same traffic: what two tell of one flow counts once meanwhile.", measuring))
	}
	if s.Overlap.Crowded > 0 {
		out = append(out, fmt.Sprintf("%d records came by more interfaces than are compared; they count.", s.Overlap.Crowded))
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

// exporterNotes says what is wrong with an exporter, and what it can't show.
func exporterNotes(e *collector.ExporterStatus, h *web.ExporterHealth, patience time.Duration, now time.Time) (notes []web.Warning) {
	note := func(title, says, mend string) {
		notes = append(notes, web.Warning{Title: e.Name + " " + title, Says: says, Mend: mend})
	}
	if h.Silent {
		note("is silent", "It has sent nothing for "+words(now.Sub(e.LastSeen))+". What it saw since is missing.", "")
	}
	if e.Corrected {
		note("has a wrong clock", "Its clock is "+clockWords(e.Offset)+". Its times are corrected by that, so counts are right; times of its own logs are not.", "ntp server <your time server>")
	}
	if e.Redated > 0 {
		note("dates records far from when it sends them", fmt.Sprintf("%d of its records lie more than an hour from their arrival although its clock may be right: it replays a capture, or its uptime is broken. They count as they came, with their distances among themselves.", e.Redated), "")
	}
	if e.Jumps > 0 {
		note("has a clock that was set", fmt.Sprintf("Its clock has jumped %d times. Counts stay right; around a jump they may be in a neighbouring second.", e.Jumps), "")
	}
	onlySFlow := slices.Equal(e.Versions, []flow.Version{flow.SFlow5}) // which has no active timeout
	if e.Delay > longHold && !onlySFlow && now.Sub(e.First) > settled {
		note("can't show less than "+words(e.Delay), "It tells of a flow only after that long: floods are found later, and shorter ones are told with less certainty. Set its active timeout to "+words(advisedHold)+", or the least it takes:", timeoutLines())
	}
	if lost, of := e.LostRecords, e.Stats.Records; of > 0 && float64(lost) > lossToTell*float64(of) {
		note("loses records", fmt.Sprintf("%d of its records never arrived, by its sequence numbers: lost on the way, or in the socket's buffer (see below).", lost), "")
	}
	if lost, of := e.LostDatagrams, e.Stats.Datagrams; of > 0 && float64(lost) > lossToTell*float64(of) {
		note("loses datagrams", fmt.Sprintf("%d of its datagrams never arrived, by its sequence numbers: lost on the way, or in the socket's buffer (see below).", lost), "")
	}
	if e.Stats.Waiting > 0 && e.Stats.Records == 0 {
		note("has not sent its templates yet", "What it sends can't be read before that. Routers send them every few minutes; set it to one.", "template timeout 60")
	}
	if e.LateWhole > 0 && float64(e.Late) > lateToTell*float64(e.Stats.Records) {
		note("tells of flows too late", fmt.Sprintf("%d of its records came, with a part or as a whole, more than %s after their first packet. Those parts are counted as late, and in no second.", e.Late, words(patience)), "flow: {patience: 5m}")
	}
	if e.Shed+e.ShedUnread > 0 {
		note("sends more than there is room for", fmt.Sprintf("%d of its records and %d of its datagrams were shed, so that other exporters get their share.", e.Shed, e.ShedUnread), "")
	}
	if e.Stats.Drops > 0 {
		note("drops samples itself", fmt.Sprintf("Its agent says that it dropped %d samples for lack of resources: sample less often.", e.Stats.Drops), "")
	}
	if e.Stats.Apart > 0 {
		note("samples at another rate than it tells", fmt.Sprintf("By its own counters %d of its interfaces sample at another rate than they tell. Estimates of their traffic are off by as much.", e.Stats.Apart), "")
	}
	if e.Mistake != "" {
		note("has templates kept that can't be used", "They are learned anew: "+e.Mistake+".", "")
	}
	return notes
}

// flowWarnings tells what is wrong with receiving as a whole.
func (l *Live) flowWarnings(s *collector.Status) (out []web.Warning) {
	warn := func(title, says, mend string) { out = append(out, web.Warning{Title: title, Says: says, Mend: mend}) }
	for _, err := range l.cfg.Telemetry.Failed {
		warn("Flow export is not received at a default address", strings.ReplaceAll(err.Error(), "\n", "; "), "")
	}
	small, drops := 0, uint64(0)
	for _, socket := range s.Sockets {
		drops += socket.Drops
		if socket.Buffer != 0 && socket.Buffer < socket.Wanted && (small == 0 || socket.Buffer < small) {
			small = socket.Buffer
		}
	}
	if small != 0 && len(s.Sockets) > 0 {
		says := fmt.Sprintf("The kernel gave a socket's buffer %d KiB of %d: a burst may be lost in it.", small>>10, s.Sockets[0].Wanted>>10)
		warn("The socket's buffer is small", says, fmt.Sprintf("sysctl -w net.core.rmem_max=%d", s.Sockets[0].Wanted))
	}
	if drops > 0 {
		warn("The kernel dropped datagrams of flow export", fmt.Sprintf("%d datagrams found the socket's buffer full since the start.", drops), "")
	}
	if s.Full {
		warn("There are more exporters than can be told apart", "Further ones are ignored.", "")
	}
	for _, r := range s.Relays {
		if r.Shed+r.Failed > 0 {
			warn("Relayed datagrams were lost", fmt.Sprintf("%d that were to go to %s found no room, and %d were refused by the kernel.", r.Shed, r.To, r.Failed), "")
		}
	}
	return out
}

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

// clockWords says how far off a clock is.
func clockWords(offset time.Duration) string {
	if offset < 0 {
		return words(-offset) + " ahead"
	}
	return words(offset) + " behind"
}

// words writes a duration as people do, to the second.
func words(d time.Duration) string {
	d = d.Round(time.Second)
	if d < 2*time.Minute || d < time.Hour && d%time.Minute != 0 {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	if d < 2*time.Hour {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// flowInput is flow export as one input, for the list of all.
func flowInput(v *web.FlowHealth) []web.InputHealth {
	if v == nil {
		return nil
	}
	in := web.InputHealth{Name: "flow export", Kind: fmt.Sprintf("%d exporters", len(v.Exporters)), Silent: len(v.Exporters) > 0}
	if len(v.Exporters) == 1 {
		in.Kind = "1 exporter"
	}
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

// pipelineShed is what the engine and the detectors gave up to keep their bounds.
func (l *Live) pipelineShed() []web.Shed {
	l.mu.RLock()
	c := l.counts
	l.mu.RUnlock()
	return []web.Shed{
		{Where: "engine", Reason: "flows or parts that came after their second was judged", Count: c.Hold.Late.Flows + c.Late},
		{Where: "engine", Reason: "flows with impossible times", Count: c.Leaps},
		{Where: "engine", Reason: "flows thinned out because too many had to wait", Count: c.Hold.Thinned.Flows},
		{Where: "detector", Reason: "targets not watched because a table was full", Count: c.Attack.ShedTargets},
		{Where: "detector", Reason: "suspects not followed because others were stronger", Count: c.Attack.ShedSuspects},
		{Where: "detector", Reason: "attacks given up because too many were held", Count: c.Forgotten},
	}
}

// telemetryShed is what was thrown away between the intakes and the pipeline.
func (l *Live) telemetryShed() []web.Shed {
	t := l.cfg.Telemetry
	if t == nil {
		return nil
	}
	counts := t.Queue.Counts()
	out := l.pipelineShed()
	out = append(out, []web.Shed{
		{Where: "queue", Reason: "flows that the pipeline had no time for", Count: counts.ShedFlows.Load()},
		{Where: "queue", Reason: "requests that the pipeline had no time for", Count: counts.ShedRequests.Load()},
	}...)
	for _, c := range t.Captures {
		s := c.Stats()
		out = append(out, web.Shed{Where: c.Interface, Reason: "packets for which the kernel's ring had no room", Count: s.Drops},
			web.Shed{Where: c.Interface, Reason: "packets that the pipeline had no time for", Count: s.Shed})
	}
	if t.Flow == nil {
		return out
	}
	s := t.Flow.Status()
	var drops, late uint64
	for _, socket := range s.Sockets {
		drops += socket.Drops
	}
	for i := range s.Exporters {
		late += s.Exporters[i].Late
	}
	out = append(out, web.Shed{Where: "socket", Reason: "datagrams of flow export dropped by the kernel", Count: drops},
		web.Shed{Where: "flow export", Reason: "records that came too late to count in their second", Count: late})
	for _, r := range s.Relays {
		out = append(out, web.Shed{Where: "relay", Reason: "datagrams not relayed to " + r.To.String(), Count: r.Shed + r.Failed})
	}
	return out
}

// captureInputs are the interfaces that packets are taken from.
func (l *Live) captureInputs() (out []web.InputHealth, warnings []web.Warning) {
	if l.cfg.Telemetry == nil {
		return nil, nil
	}
	for _, c := range l.cfg.Telemetry.Captures {
		s := c.Stats()
		in := web.InputHealth{Name: c.Interface, Kind: "packets", Received: s.Packets, Lost: &s.Drops, Shed: s.Shed, Silent: !s.Up}
		if c.Sampling > 1 {
			in.Kind = fmt.Sprintf("packets, 1:%d", c.Sampling)
		}
		if last := c.last.Load(); last != 0 {
			seen := time.Unix(0, last).UTC()
			in.LastSeen = &seen
		}
		if !s.Up {
			warnings = append(warnings, web.Warning{Title: c.Interface + " is down or gone", Says: "No packet can be seen there until it comes back."})
		}
		out = append(out, in)
	}
	return out, warnings
}
