package server

import (
	"downpour"
	"downpour/internal/show/web"
)

// What the public may see of an incident: service, times, severity, state,
// counts of reports, and what an operator published; never targets, rules,
// thresholds or capacities. The pages leave such fields out too; here they are
// taken away, so that no change of a page can show them. Everything is copied:
// views may share memory with the backend.

// redactService leaves of a service's view what is public.
func redactService(v web.ServiceView) web.ServiceView {
	v.Outages = redactOutages(v.Outages)
	if v.Incident != nil {
		s := redactSummary(*v.Incident)
		v.Incident = &s
	}
	v.Recent = redactSummaries(v.Recent)
	return v
}

// redactIncident leaves of an incident's view what is public or published.
func redactIncident(v web.IncidentView) web.IncidentView {
	p := v.Published
	v.Incident = redactVerdict(v.Incident, p.Cause)
	v.Outages = redactOutages(v.Outages)
	v.Attacks = redactAttacks(v.Attacks, p)
	if !p.Claims {
		v.Claims = nil
	}
	v.Marks, v.Downloads = nil, nil
	if !p.Cause {
		v.Digest = ""
	}
	return v
}

func redactSummaries(in []web.IncidentSummary) []web.IncidentSummary {
	out := make([]web.IncidentSummary, 0, len(in))
	for _, s := range in {
		out = append(out, redactSummary(s))
	}
	return out
}

func redactSummary(s web.IncidentSummary) web.IncidentSummary {
	s.Incident = redactVerdict(s.Incident, s.VerdictPublished)
	return s
}

func redactVerdict(i downpour.Incident, published bool) downpour.Incident {
	if !published {
		i.Cause, i.Verdict, i.WouldSettle = nil, "", ""
	}
	return i
}

// redactOutages takes away the rule that fired, with its thresholds.
func redactOutages(in []downpour.Outage) []downpour.Outage {
	out := make([]downpour.Outage, 0, len(in))
	for _, o := range in {
		o.Why = ""
		out = append(out, o)
	}
	return out
}

// redactAttacks leaves of attacks the times and severity, and what is published
// of their traffic and origin.
func redactAttacks(in []downpour.Attack, p web.Publication) []downpour.Attack {
	out := make([]downpour.Attack, 0, len(in))
	for _, a := range in {
		public := downpour.Attack{
			ID: a.ID, Service: a.Service, Direction: a.Direction, Target: downpour.Target{},
			Onset: a.Onset, AlarmAt: a.AlarmAt, PeakAt: a.PeakAt, End: a.End,
			Ongoing: a.Ongoing, Severity: a.Severity, Synthetic: a.Synthetic,
		}
		if p.Traffic {
			public.Shape, public.Phases, public.Peak, public.Total, public.Timeline = a.Shape, a.Phases, a.Peak, a.Total, a.Timeline
			public.Vectors = redactVectors(a.Vectors)
		}
		if p.Origin {
			public.Sources, public.Spoofing, public.Reflection = a.Sources, a.Spoofing, a.Reflection
			public.Sources.ByIngress = nil // our own exporters and neighbours
		}
		out = append(out, public)
	}
	return out
}

// redactVectors takes away which port of ours is hit: it is part of the target.
func redactVectors(in []downpour.Vector) []downpour.Vector {
	out := make([]downpour.Vector, 0, len(in))
	for _, v := range in {
		v.DestinationPort = nil
		out = append(out, v)
	}
	return out
}
