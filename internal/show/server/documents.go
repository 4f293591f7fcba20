package server

import (
	"time"

	"downpour"
	"downpour/internal/show/web"
	"downpour/internal/store"
)

// incidentsDocument is the API's list of incidents, without their parts.
type incidentsDocument struct {
	Incidents []downpour.Incident `json:"incidents"`
}

func incidentsDocumentOf(records []store.Record) incidentsDocument {
	d := incidentsDocument{Incidents: make([]downpour.Incident, 0, len(records))}
	for _, r := range records {
		d.Incidents = append(d.Incidents, r.Incident)
	}
	return d
}

// healthDocument is /health/data for programs.
type healthDocument struct {
	AsOf       time.Time           `json:"as_of"`
	Version    string              `json:"version"`
	LagSeconds *float64            `json:"lag_seconds"`
	Inputs     []healthInput       `json:"inputs"`
	Flow       *healthFlow         `json:"flow"`
	Shed       []healthShed        `json:"shed"`
	Warnings   []healthWarning     `json:"warnings"`
	Databases  []downpour.Database `json:"databases"`
	Store      *healthStore        `json:"store"`
}

type healthInput struct {
	Name      string             `json:"name"`
	Kind      string             `json:"kind"`
	LastSeen  *time.Time         `json:"last_seen"`
	Silent    bool               `json:"silent"`
	PerSecond *float64           `json:"per_second"`
	Received  uint64             `json:"received"`
	Lost      *uint64            `json:"lost"`
	Shed      uint64             `json:"shed"`
	Problems  []downpour.Problem `json:"problems"`
}

type healthShed struct {
	Where  string `json:"where"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

type healthWarning struct {
	Title string `json:"title"`
	Says  string `json:"says"`
	Mend  string `json:"mend,omitempty"`
}

type healthStore struct {
	Bytes        int64      `json:"bytes"`
	Budget       int64      `json:"budget"`
	OldestReport *time.Time `json:"oldest_report"`
	Problems     []string   `json:"problems"`
	CheckedAt    *time.Time `json:"checked_at"`
}

func healthDocumentOf(v web.HealthView) healthDocument {
	d := healthDocument{
		AsOf: v.Now.UTC(), Version: v.Version, Databases: orEmpty(v.Databases),
		Inputs: []healthInput{}, Shed: []healthShed{}, Warnings: []healthWarning{},
	}
	if v.Lag != nil {
		lag := v.Lag.Seconds()
		d.LagSeconds = &lag
	}
	for _, i := range v.Inputs {
		h := healthInput(i)
		h.Problems = orEmpty(h.Problems)
		d.Inputs = append(d.Inputs, h)
	}
	for _, s := range v.Shed {
		d.Shed = append(d.Shed, healthShed(s))
	}
	for _, w := range v.Warnings {
		d.Warnings = append(d.Warnings, healthWarning(w))
	}
	d.Flow = healthFlowOf(v.Flow)
	if s := v.Store; s != nil {
		d.Store = &healthStore{s.Bytes, s.Budget, s.OldestReport, orEmpty(s.Problems), s.CheckedAt}
	}
	return d
}
