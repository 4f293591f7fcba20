package live

import (
	"downpour/internal/observe/collector"
	"downpour/internal/show/web"
)

// telemetryShed is what was thrown away between the intakes and the pipeline;
// flow is nil if no flow export is received.
func (l *Live) telemetryShed(flow *collector.Status) []web.Shed {
	t := l.cfg.Telemetry
	if t == nil {
		return nil
	}
	counts := t.Queue.Counts()
	out := append(l.pipelineShed(),
		web.Shed{Where: "queue", Reason: "flows that the pipeline had no time for", Count: counts.ShedFlows.Load()},
		web.Shed{Where: "queue", Reason: "requests that the pipeline had no time for", Count: counts.ShedRequests.Load()})
	for _, c := range t.Captures {
		s := c.Stats()
		out = append(out, web.Shed{Where: c.Interface, Reason: "packets for which the kernel's ring had no room", Count: s.Drops},
			web.Shed{Where: c.Interface, Reason: "packets that the pipeline had no time for", Count: s.Shed})
	}
	if flow == nil {
		return out
	}
	var drops, late uint64
	for _, socket := range flow.Sockets {
		drops += socket.Drops
	}
	for i := range flow.Exporters {
		late += flow.Exporters[i].Late
	}
	out = append(out, web.Shed{Where: "socket", Reason: "datagrams of flow export dropped by the kernel", Count: drops},
		web.Shed{Where: "flow export", Reason: "records that came too late to count in their second", Count: late})
	for _, r := range flow.Relays {
		out = append(out, web.Shed{Where: "relay", Reason: "datagrams not relayed to " + r.To.String(), Count: r.Shed + r.Failed})
	}
	return out
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
		{Where: "detector", Reason: "prefixes not watched because others were busier", Count: c.ShedPrefixes},
		{Where: "detector", Reason: "seasons of busy targets not learned because too many are", Count: c.Attack.ShedSeasons},
		{Where: "detector", Reason: "minutes of targets not kept because others were busier", Count: c.Attack.ShedMinutes},
		{Where: "detector", Reason: "attacks given up because too many were held", Count: c.Forgotten},
		{Where: "requests", Reason: "requests that counted for their service because their host had no place", Count: c.Web.ShedHosts},
		{Where: "requests", Reason: "seconds of busy hosts not looked at closely because others were busier", Count: c.Web.ShedWatches},
		{Where: "requests", Reason: "requests too old to count in their second", Count: c.Web.Late},
	}
}
