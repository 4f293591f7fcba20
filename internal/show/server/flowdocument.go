package server

import (
	"time"

	"downpour/internal/show/web"
)

// healthFlow is flow export in /health/data for programs.
type healthFlow struct {
	Listen           []string         `json:"listen"`
	DelaySeconds     float64          `json:"delay_seconds"`
	Exporters        []healthExporter `json:"exporters"`
	Unknown          []healthUnknown  `json:"unknown"`
	UnknownDatagrams uint64           `json:"unknown_datagrams"`
	Overlap          []string         `json:"overlap"`
}

type healthExporter struct {
	Name          string          `json:"name"`
	Address       string          `json:"address"`
	Via           string          `json:"via,omitempty"`
	Versions      []string        `json:"versions"`
	LastSeen      *time.Time      `json:"last_seen"`
	Silent        bool            `json:"silent"`
	PerSecond     *float64        `json:"per_second"`
	Datagrams     uint64          `json:"datagrams"`
	Records       uint64          `json:"records"`
	LostRecords   *uint64         `json:"lost_records"`
	LostDatagrams *uint64         `json:"lost_datagrams"`
	Misses        uint64          `json:"template_misses"`
	Waiting       uint64          `json:"waiting"`
	Dropped       uint64          `json:"dropped"`
	Sampling      *uint32         `json:"sampling"`
	ClockSeconds  *float64        `json:"clock_offset_seconds"`
	Corrected     bool            `json:"clock_corrected"`
	DelaySeconds  *float64        `json:"delay_seconds"`
	Late          uint64          `json:"late"`
	LateBytes     uint64          `json:"late_bytes"`
	Shed          uint64          `json:"shed"`
	Refused       []healthShed    `json:"refused"`
	Warnings      []healthWarning `json:"warnings"`
}

type healthUnknown struct {
	Address   string    `json:"address"`
	Sends     string    `json:"sends"`
	Datagrams uint64    `json:"datagrams"`
	LastSeen  time.Time `json:"last_seen"`
}

func healthFlowOf(v *web.FlowHealth) *healthFlow {
	if v == nil {
		return nil
	}
	f := &healthFlow{
		Listen: orEmpty(v.Listen), DelaySeconds: v.Delay.Seconds(), Exporters: []healthExporter{}, Unknown: []healthUnknown{},
		UnknownDatagrams: v.UnknownDatagrams, Overlap: orEmpty(v.Overlap),
	}
	for i := range v.Exporters {
		f.Exporters = append(f.Exporters, healthExporterOf(&v.Exporters[i]))
	}
	for _, u := range v.Unknown {
		f.Unknown = append(f.Unknown, healthUnknown(u))
	}
	return f
}

func healthExporterOf(e *web.ExporterHealth) healthExporter {
	h := healthExporter{
		Name: e.Name, Address: firstOf(e.Address, e.Name), Via: e.Via, Versions: orEmpty(e.Versions), LastSeen: e.LastSeen, Silent: e.Silent,
		PerSecond: e.PerSecond, Datagrams: e.Datagrams, Records: e.Records, LostRecords: e.LostRecords, LostDatagrams: e.LostDatagrams,
		Misses: e.Misses, Waiting: e.Waiting, Dropped: e.Dropped, Corrected: e.Corrected, ClockSeconds: seconds(e.Offset), DelaySeconds: seconds(e.Delay),
		Late: e.Late, LateBytes: e.LateBytes, Shed: e.Shed, Refused: []healthShed{}, Warnings: []healthWarning{},
	}
	if e.Sampling != 0 {
		h.Sampling = &e.Sampling
	}
	for _, r := range e.Refused {
		h.Refused = append(h.Refused, healthShed(r))
	}
	for _, n := range e.Notes {
		h.Warnings = append(h.Warnings, healthWarning(n))
	}
	return h
}

func seconds(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	s := d.Seconds()
	return &s
}
