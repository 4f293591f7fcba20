package live

import (
	"github.com/prometheus/client_golang/prometheus"

	"downpour/internal/pipeline"
)

// Collectors are the metrics of intake and state, read when they are asked for.
func (l *Live) Collectors() []prometheus.Collector {
	counter := func(name, help string, read func() uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "downpour", Name: name, Help: help},
			func() float64 { return float64(read()) })
	}
	gauge := func(name, help string, read func() uint64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "downpour", Name: name, Help: help},
			func() float64 { return float64(read()) })
	}
	list := []prometheus.Collector{
		counter("intake_counted_total", "Reports that were counted.", func() uint64 { return l.cfg.Intake.Stats().Counted }),
		counter("intake_repeated_total", "Reports received from a reporter who had reported within ten minutes.", func() uint64 { return l.cfg.Intake.Stats().Repeated }),
		counter("intake_limited_total", "Reports refused by a rate limit.", func() uint64 { return l.cfg.Intake.Stats().Limited }),
		counter("intake_evicted_total", "Reporters and networks forgotten early because a table was full.", func() uint64 { return l.cfg.Intake.Stats().Evicted }),
		counter("store_buckets_shed_total", "Closed buckets of reports, minutes of traffic and incidents that waited too long for the store.", l.keeper.shedCount),
		gauge("incidents_ongoing", "Incidents that are going on.", l.ongoing),
	}
	of := func(read func(pipeline.Counts) uint64) func() uint64 {
		return func() uint64 {
			l.mu.RLock()
			defer l.mu.RUnlock()
			return read(l.counts)
		}
	}
	list = append(list,
		counter("engine_late_total", "Flows or parts of them that came after their second was judged.", of(func(c pipeline.Counts) uint64 { return c.Hold.Late.Flows + c.Late })),
		counter("engine_leaps_total", "Flows with impossible times.", of(func(c pipeline.Counts) uint64 { return c.Leaps })),
		counter("engine_thinned_total", "Flows thinned out because too many had to wait.", of(func(c pipeline.Counts) uint64 { return c.Hold.Thinned.Flows })),
		counter("detector_targets_shed_total", "Targets not watched because a table was full.", of(func(c pipeline.Counts) uint64 { return c.Attack.ShedTargets })),
		counter("detector_suspects_shed_total", "Suspects not followed because others were stronger.", of(func(c pipeline.Counts) uint64 { return c.Attack.ShedSuspects })),
		counter("requests_hosts_shed_total", "Requests that counted for their service because their host had no place.", of(func(c pipeline.Counts) uint64 { return c.Web.ShedHosts })),
		counter("requests_watches_shed_total", "Seconds in which a busy host was not looked at closely because others were busier.", of(func(c pipeline.Counts) uint64 { return c.Web.ShedWatches })),
		counter("requests_late_total", "Requests too old to count in their second.", of(func(c pipeline.Counts) uint64 { return c.Web.Late })),
		gauge("requests_hosts", "Hosts and services whose requests are counted.", of(func(c pipeline.Counts) uint64 { return uint64(c.Web.Sites) })),
		gauge("requests_watched", "Hosts that are looked at closely.", of(func(c pipeline.Counts) uint64 { return uint64(c.Web.Watches) })))
	if l.cfg.Notifier != nil {
		list = append(list, notifyMetrics{l.cfg.Notifier})
	}
	if l.cfg.Telemetry != nil {
		list = append(list, telemetryMetrics{l.cfg.Telemetry})
	}
	return list
}

func (l *Live) ongoing() (n uint64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, r := range l.incidents {
		if r.Incident.Ongoing {
			n++
		}
	}
	return n
}

func (k *keeper) shedCount() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shed
}
