// Package document writes an analysis for others: as JSON (analysis.schema.json
// is its schema) and as text for a terminal. It formats what the stages
// concluded and concludes nothing itself.
package document

import (
	_ "embed"
	"encoding/json"
	"io"

	"downpour"
)

// SchemaName identifies the form of the JSON document. It changes only when a
// field changes its meaning or goes away; new fields leave it as it is.
const SchemaName = "downpour.analysis/1"

// Schema is the JSON Schema (draft 2020-12) of the document.
//
//go:embed analysis.schema.json
var Schema []byte

// Analysis is the whole answer to one investigation.
type Analysis struct {
	Schema    string                     `json:"schema"`
	Tool      Tool                       `json:"tool"`
	Input     []downpour.Input           `json:"input"`
	Attacks   []downpour.Attack          `json:"attacks"`
	Outages   []downpour.Outage          `json:"outages"`
	Incidents []downpour.Incident        `json:"incidents"`
	Claims    []downpour.ClaimAssessment `json:"claims"`
	// Notes are remarks on the investigation as a whole, e.g. that its inputs
	// lie more than a day apart.
	Notes []string `json:"notes"`
}

// Tool says what made the document, and with which data.
type Tool struct {
	Name      string              `json:"name"`
	Version   string              `json:"version"`
	Databases []downpour.Database `json:"databases"`
}

// JSON writes the document, indented, with a newline at its end. Lists that
// hold nothing are written as [].
func (a *Analysis) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(a.complete())
}

// complete returns a copy in which no list is nil, so that readers of the JSON
// meet [] and never null where a list belongs.
func (a *Analysis) complete() *Analysis {
	c := *a
	c.Schema = SchemaName
	c.Tool.Databases = list(c.Tool.Databases)
	c.Input = each(c.Input, func(i *downpour.Input) { i.Problems = list(i.Problems) })
	c.Attacks = each(c.Attacks, completeAttack)
	c.Outages = each(c.Outages, func(o *downpour.Outage) { o.Signals, o.Bumps = list(o.Signals), list(o.Bumps) })
	c.Incidents = each(c.Incidents, completeIncident)
	c.Claims = each(c.Claims, completeClaim)
	c.Notes = list(c.Notes)
	return &c
}

func completeAttack(a *downpour.Attack) {
	a.Shape, a.Vectors, a.Rules = list(a.Shape), list(a.Vectors), list(a.Rules)
	a.Phases = each(a.Phases, func(p *downpour.Phase) { p.Vectors = list(p.Vectors) })
	s := &a.Sources
	s.ByCountry, s.ByNetwork, s.ByKind, s.ByIngress = list(s.ByCountry), list(s.ByNetwork), list(s.ByKind), list(s.ByIngress)
	s.Databases = list(s.Databases)
	a.Spoofing.Evidence, a.Reflection.Evidence = list(a.Spoofing.Evidence), list(a.Reflection.Evidence)
	a.Timeline.Rates = each(a.Timeline.Rates, func(r *downpour.VectorTimeline) {
		r.Packets, r.Bits = list(r.Packets), list(r.Bits)
	})
	if a.Marks != nil {
		m := *a.Marks
		m.Paths, m.Networks, m.Agents = list(m.Paths), list(m.Networks), list(m.Agents)
		a.Marks = &m
	}
}

func completeIncident(i *downpour.Incident) {
	i.Attacks, i.Outages = list(i.Attacks), list(i.Outages)
	i.Cause = each(i.Cause, func(c *downpour.Cause) { c.Evidence = list(c.Evidence) })
}

func completeClaim(c *downpour.ClaimAssessment) {
	c.Assertions = each(c.Assertions, func(a *downpour.AssertionAssessment) { a.Evidence = list(a.Evidence) })
}

// list returns s, or an empty list where there is none.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// each returns a copy of s with f applied to every element.
func each[T any](s []T, f func(*T)) []T {
	c := append(make([]T, 0, len(s)), s...)
	for i := range c {
		f(&c[i])
	}
	return c
}
