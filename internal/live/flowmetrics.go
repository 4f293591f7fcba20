package live

import (
	"github.com/prometheus/client_golang/prometheus"

	"downpour/internal/observe/collector"
	"downpour/internal/observe/flow"
)

// teller takes a figure; its name is without the prefix of all.
type teller func(name, help string, kind prometheus.ValueType, value float64, labels prometheus.Labels)

// telemetryMetrics tells of the intakes of telemetry when it is asked. Labels are
// bounded: exporters by the collector's bound, reasons and sockets by their kinds.
type telemetryMetrics struct{ t *Telemetry }

// metric is one of an exporter.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	read       func(*collector.ExporterStatus) float64
}

func counted(read func(*collector.ExporterStatus) uint64) func(*collector.ExporterStatus) float64 {
	return func(e *collector.ExporterStatus) float64 { return float64(read(e)) }
}

// exporterMetrics are the figures of one exporter.
func exporterMetrics() []metric {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	type status = *collector.ExporterStatus
	return []metric{
		{"datagrams_total", "Datagrams and messages decoded.", counter, counted(func(e status) uint64 { return e.Stats.Datagrams })},
		{"bytes_total", "Bytes of datagrams and messages.", counter, counted(func(e status) uint64 { return e.Bytes })},
		{"records_total", "Flow records decoded.", counter, counted(func(e status) uint64 { return e.Stats.Records })},
		{"lost_records_total", "Flow records missing by sequence numbers of NetFlow v5 and IPFIX.", counter, counted(func(e status) uint64 { return e.LostRecords })},
		{"lost_datagrams_total", "Datagrams missing by sequence numbers of NetFlow v9 and sFlow.", counter, counted(func(e status) uint64 { return e.LostDatagrams })},
		{"duplicates_total", "Datagrams that came twice.", counter, counted(func(e status) uint64 { return e.Stats.Duplicates })},
		{"restarts_total", "Restarts of the exporter.", counter, counted(func(e status) uint64 { return e.Stats.Restarts })},
		{"template_misses_total", "Data sets whose template had not come.", counter, counted(func(e status) uint64 { return e.Stats.Misses })},
		{"template_drops_total", "Data sets given up because their template did not come.", counter, counted(func(e status) uint64 { return e.Stats.Dropped })},
		{"late_total", "Records with a part that came too late to count in its second.", counter, counted(func(e status) uint64 { return e.Late })},
		{"late_bytes_total", "Estimated bytes of those parts.", counter, counted(func(e status) uint64 { return e.LateBytes })},
		{"shed_total", "Records thrown away for lack of room.", counter, counted(func(e status) uint64 { return e.Shed })},
		{"shed_datagrams_total", "Datagrams thrown away unread for lack of time.", counter, counted(func(e status) uint64 { return e.ShedUnread })},
		{"samples_dropped_total", "Samples that an sFlow agent says it dropped.", counter, counted(func(e status) uint64 { return e.Stats.Drops })},
		{"templates", "Templates known.", gauge, func(e status) float64 { return float64(e.Stats.Templates) }},
		{"clock_offset_seconds", "What has to be added to the exporter's clock to have ours.", gauge, func(e status) float64 { return e.Offset.Seconds() }},
		{"delay_seconds", "How long after a moment the exporter's records of it still come.", gauge, func(e status) float64 { return e.Delay.Seconds() }},
		{"sampling", "N of the sampling 1:N in force; 0 if not known.", gauge, func(e status) float64 { return float64(e.Sampling) }},
		{"last_seen_seconds", "When it last sent, in seconds since the epoch; 0 if never.", gauge, lastSeen},
	}
}

func lastSeen(e *collector.ExporterStatus) float64 {
	if e.LastSeen.IsZero() {
		return 0
	}
	return float64(e.LastSeen.UnixNano()) / 1e9
}

// Describe says nothing beforehand, since exporters come and go; an unchecked
// collector in Prometheus' words.
func (m telemetryMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m telemetryMetrics) Collect(out chan<- prometheus.Metric) {
	tell := func(name, help string, kind prometheus.ValueType, value float64, labels prometheus.Labels) {
		d := prometheus.NewDesc("downpour_"+name, help, nil, labels)
		out <- prometheus.MustNewConstMetric(d, kind, value)
	}
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	counts := m.t.Queue.Counts()
	waiting, _ := m.t.Queue.Waiting()
	tell("queue_flows_total", "Flows handed to the pipeline.", counter, float64(counts.Flows.Load()), nil)
	tell("queue_flows_shed_total", "Flows thrown away because the pipeline had no time for them.", counter, float64(counts.ShedFlows.Load()), nil)
	tell("queue_requests_total", "Requests of web logs handed to the pipeline.", counter, float64(counts.Requests.Load()), nil)
	tell("queue_requests_shed_total", "Requests thrown away because the pipeline had no time for them.", counter, float64(counts.ShedRequests.Load()), nil)
	tell("queue_batches", "Batches that wait for the pipeline.", gauge, float64(waiting), nil)
	for _, c := range m.t.Captures {
		s, on := c.Stats(), prometheus.Labels{"interface": c.Interface}
		tell("capture_packets_total", "Packets read off an interface.", counter, float64(s.Packets), on)
		tell("capture_drops_total", "Packets for which the kernel's ring had no room.", counter, float64(s.Drops), on)
		tell("capture_shed_total", "Packets that the pipeline had no time for.", counter, float64(s.Shed), on)
	}
	if m.t.Flow != nil {
		m.collectFlow(tell)
	}
	if m.t.Logs != nil {
		collectLogs(m.t.Logs.Status(), tell)
	}
}

// collectFlow tells of flow export.
func (m telemetryMetrics) collectFlow(tell teller) {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	s := m.t.Flow.Status()
	all := exporterMetrics()
	for i := range s.Exporters {
		e := &s.Exporters[i]
		of := prometheus.Labels{"exporter": e.Address.String(), "name": e.Name}
		for _, f := range all {
			tell("exporter_"+f.name, f.help, f.kind, f.read(e), of)
		}
		for r := flow.OK + 1; r < flow.Reasons; r++ {
			tell("exporter_refused_total", "Parts of messages that could not be used, by reason.", counter, float64(e.Stats.Refused[r]),
				prometheus.Labels{"exporter": e.Address.String(), "name": e.Name, "reason": r.String()})
		}
	}
	drops := map[string]uint64{}
	for _, socket := range s.Sockets {
		drops[socket.Address] += socket.Drops
	}
	for address, n := range drops {
		tell("flow_socket_drops_total", "Datagrams for which a socket's buffer had no room.", counter, float64(n), prometheus.Labels{"address": address})
	}
	for _, r := range s.Relays {
		to := prometheus.Labels{"to": r.To.String()}
		tell("flow_relayed_total", "Datagrams relayed.", counter, float64(r.Sent), to)
		tell("flow_relay_shed_total", "Datagrams not relayed because too many waited or the kernel refused them.", counter, float64(r.Shed+r.Failed), to)
	}
	tell("flow_unknown_datagrams_total", "Datagrams of senders that are not accepted.", counter, float64(s.UnknownDatagrams), nil)
	tell("flow_unknown_senders", "Senders that are listed as unknown.", gauge, float64(len(s.Unknown)), nil)
	tell("flow_overlap_omitted_total", "Records left out because another exporter or direction told of them.", counter, float64(s.Overlap.Omitted.Records), nil)
	tell("flow_delay_seconds", "How long after a moment records of it still come, of the slowest exporter.", gauge, s.Delay.Seconds(), nil)
	tell("flow_connections", "Open connections of IPFIX over TCP and TLS.", gauge, float64(s.Connections), nil)
	tell("flow_connections_refused_total", "Connections closed at once, of unknown senders or beyond the bound.", counter, float64(s.Refused), nil)
}
