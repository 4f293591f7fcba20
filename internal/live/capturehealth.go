package live

import (
	"fmt"
	"time"

	"downpour/internal/show/web"
)

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
