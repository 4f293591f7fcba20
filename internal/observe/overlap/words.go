package overlap

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"downpour/internal/observe/flow"
)

// View is what one exporter meters at one interface in one direction, for the
// operator's screen.
type View struct {
	Exporter  uint16
	Interface uint32         // SNMP index; 0 if not exported
	Direction flow.Direction // In or Out; what is untold counts as In
	Edge      bool
	Sampling  uint32 // 1:N of its records
	State     State
	// Covered is the share of its flows that preferred views tell of too, and
	// CoveredBytes that of their bytes; both 0 until Measured.
	Covered, CoveredBytes float64
	Measured              bool
	By                    []uint16 // the exporters that cover it, the most first
	// Told is what its records told of, Omitted what of that was left out.
	Told, Omitted Volume
	Last          int64  // when a record last came, nanoseconds since the epoch
	Says          string // how it counts and why, in a sentence
}

// Views are all views in the order of exporter, direction and interface.
func (f *Filter) Views() []View {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]View, len(f.views))
	for i, v := range f.views {
		o := View{
			Exporter: v.exporter, Interface: v.index, Direction: flow.In, Edge: v.edge, Sampling: v.sampling,
			State: v.state, Told: v.told, Omitted: v.omitted, Last: v.last, Measured: v.measured.flows >= enough,
		}
		if v.out {
			o.Direction = flow.Out
		}
		if f.alone {
			o.State = Counted
		}
		if o.Measured {
			o.Covered, o.CoveredBytes = v.measured.shares()
			o.By = f.coverers(v)
		}
		o.Says = f.says(&o)
		out[i] = o
	}
	slices.SortFunc(out, func(a, b View) int {
		return cmp.Or(cmp.Compare(a.Exporter, b.Exporter), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Interface, b.Interface))
	})
	return out
}

// coverers are the exporters that cover a view, the most first.
func (f *Filter) coverers(v *view) (out []uint16) {
	by := slices.Clone(v.measured.by)
	slices.SortStableFunc(by, func(a, b coverer) int { return cmp.Compare(b.flows, a.flows) })
	for _, c := range by {
		if e := f.views[c.view].exporter; !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

func (f *Filter) says(v *View) string {
	switch {
	case f.alone:
		return "counts: nothing else could tell of the same traffic"
	case v.State == LeftOut:
		return fmt.Sprintf("left out: %s of its flows (%s of the bytes) are told by %s as well", percent(v.Covered), percent(v.CoveredBytes), f.names(v.By))
	case v.State == Counted && v.Measured:
		return fmt.Sprintf("counts: %s of its flows are told elsewhere", percent(v.Covered))
	case v.State == Counted:
		return "counts: preferred to what else may tell of the same traffic"
	case v.State == Partly:
		return fmt.Sprintf("counts flow by flow: %s of its flows (%s of the bytes) are told by %s as well", percent(v.Covered), percent(v.CoveredBytes), f.names(v.By))
	}
	return "counts flow by flow until it is measured what others tell of the same traffic"
}

func (f *Filter) names(exporters []uint16) string {
	var names []string
	for _, e := range exporters {
		if f.cfg.Name != nil {
			names = append(names, f.cfg.Name(e))
		} else {
			names = append(names, "exporter "+strconv.Itoa(int(e)))
		}
	}
	return strings.Join(names, ", ")
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }
