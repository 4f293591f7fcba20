package web

import (
	"net/http"
	"strconv"
	"time"

	"downpour"
	"downpour/internal/wording"
)

// serviceLine is a service in a list.
type serviceLine struct {
	Ref         ServiceRef
	State       chip
	Since       *time.Time
	Last, Usual string
}

func newServiceLines(rows []ServiceRow) []serviceLine {
	out := make([]serviceLine, 0, len(rows))
	for _, r := range rows {
		l := serviceLine{Ref: r.Service, State: stateChip(r.State), Since: r.Since, Last: "not known", Usual: "not known"}
		if r.LastMinute != nil {
			l.Last = grouped(float64(*r.LastMinute))
		}
		if r.Expected != nil && known(*r.Expected) {
			l.Usual = approximate(*r.Expected)
		}
		out = append(out, l)
	}
	return out
}

type indexPage struct {
	page
	Services []serviceLine
	Recent   []incidentLine
}

func newIndexPage(v IndexView) indexPage {
	p := indexPage{page: newPage(v.Frame, "Services", "/"), Services: newServiceLines(v.Services), Recent: newIncidentLines(v.Recent, v.Operator)}
	p.Description = "What users report, and what the evidence says, for " + wording.Count(len(v.Services), "service", "services") + "."
	return p
}

type opsPage struct {
	page
	View     OpsView
	Answer   string
	State    chip
	Ongoing  []incidentLine
	Recent   []incidentLine
	Waiting  []waitingRow
	Inputs   []inputRow
	Services []serviceLine
}

// waitingRow is a proposal with its two bars.
type waitingRow struct {
	Proposal
	ruleRow
	URL string
}

func newOpsPage(v OpsView) opsPage {
	p := opsPage{
		page: newPage(v.Frame, "Overview", "/ops"), View: v,
		Ongoing: newIncidentLines(v.Ongoing, true), Recent: newIncidentLines(v.Recent[:min(len(v.Recent), mostRecent)], true),
		Inputs: newInputRows(v.Frame, v.Inputs), Services: newServiceLines(v.Services),
	}
	p.Private = true
	for _, w := range v.Waiting {
		p.Waiting = append(p.Waiting, waitingRow{w, newRuleRow(w.Rule), "/incidents/" + w.Incident.ID})
	}
	p.Answer, p.State = v.answer()
	return p
}

// answer is the operator's first sentence.
func (v OpsView) answer() (string, chip) {
	trouble := 0
	for _, s := range v.Services {
		if s.State == downpour.StateReported || s.State == downpour.StateConfirmed {
			trouble++
		}
	}
	switch {
	case len(v.Ongoing) > 0:
		return capital(numeral(len(v.Ongoing))) + " " + map[bool]string{true: "incident is", false: "incidents are"}[len(v.Ongoing) == 1] + " going on.", chip{"confirmed", "Incident", "confirmed"}
	case trouble > 0:
		return "Users report problems; no incident is open yet.", chip{"reported", "Reports", "reported"}
	case len(v.Inputs) == 0:
		return "Nothing is being watched yet.", chip{"unknown", "No data", "unknown"}
	}
	return "Nothing is wrong now.", chip{"ok", "Quiet", "ok"}
}

// inputRow is an input with its health in words.
type inputRow struct {
	InputHealth
	State        chip
	Seen         string
	Rate, Losses string
}

func newInputRows(f Frame, inputs []InputHealth) []inputRow {
	out := make([]inputRow, 0, len(inputs))
	for _, i := range inputs {
		r := inputRow{InputHealth: i, State: chip{"ok", "sending", "ok"}, Rate: "not measured", Losses: "not known"}
		switch {
		case i.LastSeen == nil:
			r.State, r.Seen = chip{"unknown", "never seen", "unknown"}, "never"
		case i.Silent:
			r.State, r.Seen = chip{"reported", "silent", "reported"}, age(f.Now, *i.LastSeen)
		default:
			r.Seen = age(f.Now, *i.LastSeen)
		}
		if i.PerSecond != nil {
			r.Rate = count(significant(*i.PerSecond, 3)) + "/s"
		}
		if i.Lost != nil {
			r.Losses = grouped(float64(*i.Lost))
			if total := i.Received + *i.Lost; *i.Lost > 0 && total > 0 {
				r.Losses += " (" + percent(float64(*i.Lost)/float64(total)) + ")"
			}
		}
		out = append(out, r)
	}
	return out
}

type healthPage struct {
	page
	View   HealthView
	Inputs []inputRow
	Flow   *flowPart
	Answer string
	State  chip
	Fill   *bar // how full the store is
	// Shed is what was shed, Full what could be and was not.
	Shed, Full []Shed
}

func newHealthPage(v HealthView) healthPage {
	p := healthPage{page: newPage(v.Frame, "Is my data good?", "/health/data"), View: v, Inputs: newInputRows(v.Frame, v.Inputs), Flow: newFlowPart(v.Frame, v.Flow)}
	p.Private = true
	p.Answer, p.State = v.answer()
	for _, s := range v.Shed {
		if s.Count > 0 {
			p.Shed = append(p.Shed, s)
		} else {
			p.Full = append(p.Full, s)
		}
	}
	if s := v.Store; s != nil && s.Budget > 0 {
		share := float64(s.Bytes) / float64(s.Budget)
		p.Fill = &bar{Label: "Used", Value: percent(share), Width: clampPercent(share), Note: byteSize(s.Bytes) + " of " + byteSize(s.Budget)}
	}
	return p
}

func (v HealthView) answer() (string, chip) {
	var lost, shed uint64
	silent, seen := 0, false
	for _, i := range v.Inputs {
		seen = seen || i.LastSeen != nil
		shed += i.Shed
		if i.Lost != nil {
			lost += *i.Lost
		}
		if i.Silent {
			silent++
		}
	}
	for _, s := range v.Shed {
		shed += s.Count
	}
	look := chip{"reported", "Look here", "reported"}
	warnings := len(v.Warnings) + v.Flow.notes()
	switch {
	case v.Store != nil && len(v.Store.Problems) > 0:
		return "The store is damaged.", chip{"confirmed", "Damaged", "confirmed"}
	case len(v.Inputs) == 0:
		return "No data comes in.", chip{"unknown", "No data", "unknown"}
	case warnings > 0:
		return capital(numeral(warnings)) + map[bool]string{true: " thing needs", false: " things need"}[warnings == 1] + " your attention.", look
	case v.Flow != nil && len(v.Flow.Unknown) > 0 && len(v.Flow.Setup) > 0: // none that is known sends
		return "Only exporters that are not allowed yet send here.", look
	case !seen && lost+shed == 0:
		return "Nothing has come in yet.", chip{"unknown", "No data", "unknown"}
	case silent > 0:
		return wording.Count(silent, "input is", "inputs are") + " silent.", look
	case lost+shed > 0:
		return "Data comes in, but some of it was lost.", look
	}
	return "Data comes in, and none is known to be lost.", chip{"ok", "Good", "ok"}
}

type privacyPage struct {
	page
	View                    PrivacyView
	ReportsKept, CountsKept string
	Mail                    bool
}

func newPrivacyPage(v PrivacyView) privacyPage {
	p := privacyPage{page: newPage(v.Frame, "Privacy", "/privacy"), View: v}
	p.Description = "What this page keeps of you when you report a problem, for how long, and how to have it erased."
	if v.ReportsKept > 0 {
		p.ReportsKept = duration(v.ReportsKept)
	}
	if v.CountsKept > 0 {
		p.CountsKept = duration(v.CountsKept)
	}
	return p
}

type signInPage struct {
	page
	View SignInView
}

func newSignInPage(v SignInView) signInPage {
	p := signInPage{page: newPage(v.Frame, "Sign in", "/ops"), View: v}
	p.Private = true
	return p
}

type problemPage struct {
	page
	View   ProblemView
	Status string
}

func newProblemPage(v ProblemView) problemPage {
	if v.Title == "" {
		v.Title = http.StatusText(v.Status)
	}
	p := problemPage{page: newPage(v.Frame, v.Title, ""), View: v, Status: strconv.Itoa(v.Status)}
	p.Private = true
	return p
}
