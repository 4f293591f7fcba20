package outage

import (
	"math"
	"slices"
	"time"

	"downpour"
)

// wave is an open outage.
type wave struct {
	ID       string                 `json:"id"`
	Dir      downpour.Change        `json:"dir"`
	Onset    int64                  `json:"onset"`
	OnsetLow *int64                 `json:"onset_low"`
	Alarm    int64                  `json:"alarm"`
	Peak     point                  `json:"peak"`
	Expected downpour.Estimate      `json:"expected"` // at the peak
	Last     int64                  `json:"last"`     // end of the last point seen
	Excess   float64                `json:"excess"`
	Usual    float64                `json:"usual"` // the usual hour at the alarm
	Bumps    []downpour.Bump        `json:"bumps"`
	Origins  []downpour.CountOrigin `json:"origins"`
	Why      string                 `json:"why"`

	// The mirrored test: log e-value that the series is back, and since when.
	Back     float64 `json:"back"`
	BackFrom int64   `json:"back_from"`

	// The shape: largest smoothed count and the lowest since.
	Top    float64 `json:"top"`
	TopAt  int64   `json:"top_at"`
	Valley trough  `json:"valley"` // lowest since the top; splits waves
	Local  trough  `json:"local"`  // lowest since the top or the last bump
	Rise   *rerise `json:"rise"`   // a significant rise from Local
	// Climb is the evidence of a rise from Local; rows of an unknown bucket that
	// climb are kept, as one may be a small peak of its own.
	Climb evidence `json:"climb"`
	Rows  []point  `json:"rows"`
}

// trough is a smoothed low of a series; it is set where the series fell.
type trough struct {
	Set   bool    `json:"set"`
	Level float64 `json:"level"`
	End   int64   `json:"end"`
}

// rerise is a rise inside an outage that is not a wave of its own so far.
type rerise struct {
	Top point `json:"top"`
}

// add takes the next closed point; history ends with it.
func (w *wave) add(p *point, expected downpour.Estimate, history []point, cfg *Config, phi float64) {
	w.Last = p.end()
	w.addOrigin(p.Origin)
	if w.Dir == downpour.Rise {
		w.Excess += p.Count - p.Mean
	} else {
		w.Excess += p.Low - p.Count
	}
	higher := w.Dir == downpour.Rise && p.Count > w.Peak.Count
	lower := w.Dir == downpour.Fall && p.Count < w.Peak.Count
	if higher || lower {
		w.Peak, w.Expected = *p, expected
	}
	w.mirror(p)
	if w.Dir == downpour.Rise {
		w.shape(p, history, cfg, phi)
	}
}

func (w *wave) addOrigin(o downpour.CountOrigin) {
	if o != "" && !slices.Contains(w.Origins, o) {
		w.Origins = append(w.Origins, o)
		slices.SortFunc(w.Origins, func(a, b downpour.CountOrigin) int { return measured(a) - measured(b) })
	}
}

// mirror moves the test of the end: the usual against the least that would
// still be an outage, restarted (CUSUM) when the outage is likelier.
func (w *wave) mirror(p *point) {
	usual := p.Mean
	still := max(dateRatio*p.Mean, p.Mean+quietRate*p.hours())
	if p.Len == 0 {
		still = dateRatio * p.Mean
	}
	if w.Dir == downpour.Fall {
		usual, still = p.Low, p.Low/dateRatio
	}
	before := w.Back
	w.Back = min(max(0, before-logRatio(p.Count, usual, still, p.Size)), -none)
	switch {
	case w.Back == 0:
		w.BackFrom = p.end()
	case before == 0 && p.Len == 0:
		w.BackFrom = p.At // nothing is known between the rows: it ended by this one
	}
}

// isBack tells whether the mirrored test says that the series is back, and has
// said so for the hold time. Rows of an unknown bucket know no hold.
func (w *wave) isBack(now, length, hold int64) bool {
	return w.Back >= backEvidence(length) && (length == 0 || now-w.end() >= hold)
}

// backEvidence is the log evidence at which the mirrored test is believed. One
// start joins a bucket, so a false end comes at most once in endEvidence hours.
func backEvidence(length int64) float64 {
	starts := 1.0
	if length > 0 {
		starts = max(1, 1/time.Duration(length).Hours())
	}
	return math.Log(endEvidence * starts)
}

// end is the outage's end as far as it can be told.
func (w *wave) end() int64 { return max(w.BackFrom, w.Peak.end(), w.Onset) }

// shape follows the smoothed count: its top, the trough since, and climbs out
// of it.
func (w *wave) shape(p *point, history []point, cfg *Config, phi float64) {
	k, ok := w.window(history, phi)
	if !ok {
		return
	}
	s := smoothed(history, k)
	if !w.Valley.Set && s >= w.Top {
		w.Top, w.TopAt = s, p.At
		return
	}
	low := trough{true, s, p.end()}
	if !w.Valley.Set || s < w.Valley.Level {
		w.Valley = low
	}
	if !w.Local.Set || s <= w.Local.Level {
		w.closeRise()
		w.Local, w.Climb, w.Rise, w.Rows = low, newEvidence(), nil, nil
		return
	}
	w.climb(p, k, cfg)
	w.crest(p, s)
}

// window is the number of points to smooth over: so many that a fall to a
// quarter of the peak cannot be noise. While the outage has fewer, its shape is
// not known and ok is false. The
// relative variance of a count is 1/mean by Poisson's law and (φ-1)/usual by
// the noise that multiplies.
func (w *wave) window(history []point, phi float64) (k int, ok bool) {
	k = 1
	if w.Peak.Len > 0 {
		noise := 1/max(w.Peak.Count, 1) + (phi-1)/max(w.Peak.Mean, 1e-9)
		k = int(min(smoothMost, max(1, math.Ceil(smoothCount*noise))))
	}
	ok = k <= len(history) && history[len(history)-k].At >= w.Onset
	return k, ok
}

// base is the mean that a climb is tested against: the trough's, with its own
// uncertainty, and never below the usual.
func (w *wave) base(p *point, k int) float64 {
	n := float64(k)
	return max(p.Mean, w.Local.Level+2*math.Sqrt(w.Local.Level*n+1)/n)
}

// climb gathers evidence that the series rises again.
func (w *wave) climb(p *point, k int, cfg *Config) {
	w.Climb = w.Climb.after(p.Count, w.base(p, k), p.Size, riseRatios())
	if p.Len == 0 && len(w.Rows) < maxBumps {
		w.Rows = append(w.Rows, *p)
	}
	if w.Rise == nil && w.Climb.log() >= cfg.threshold(p.Len) {
		w.Rise = &rerise{*p}
	}
	if w.Rise != nil && p.Count > w.Rise.Top.Count {
		w.Rise.Top = *p
	}
}

// crest notes a bump when a re-rise has fallen again, and takes a re-rise above
// the top as the outage's own growth.
func (w *wave) crest(p *point, s float64) {
	if s > w.Top && !w.splits(s) {
		w.Top, w.TopAt = s, p.At
		w.Valley, w.Local, w.Rise, w.Rows = trough{}, trough{}, nil, nil
		return
	}
	if w.Rise != nil && s <= bumpShare*w.Rise.Top.Count && !w.splits(s) {
		w.closeRise()
		w.Local, w.Climb, w.Rows = trough{true, s, p.end()}, newEvidence(), nil
	}
}

// closeRise makes a bump of a re-rise that stays one.
func (w *wave) closeRise() {
	if w.Rise == nil || w.Local.Level > bumpShare*w.Top {
		w.Rise = nil
		return
	}
	w.addBump(w.Rise.Top, bumpSays(&w.Rise.Top, w.Local.Level))
	w.Rise = nil
}

func (w *wave) addBump(p point, says string) {
	if len(w.Bumps) < maxBumps {
		w.Bumps = append(w.Bumps, downpour.Bump{At: moment(p.At), Reports: p.Count, Says: says})
	}
}

// splits tells whether a smoothed count s would be the peak of a wave of its
// own: the valley lies below a quarter of the smaller peak.
func (w *wave) splits(s float64) bool {
	return w.Valley.Set && w.Valley.Level < waveShare*min(w.Top, s)
}

// nextWave tells whether the last point shows a wave of its own: it stands high
// enough over the valley, and the climb is no noise.
func (w *wave) nextWave(history []point, phi float64) bool {
	k, ok := w.window(history, phi)
	return ok && w.Dir == downpour.Rise && w.Rise != nil && w.splits(smoothed(history, k))
}

// giveWay ends the outage at its valley because another wave rose from there.
// Rows between that climb without a wave of their own are told as bumps.
func (w *wave) giveWay() {
	if w.Peak.Len == 0 {
		for _, p := range w.Rows[:max(0, len(w.Rows)-1)] {
			w.addBump(p, ambiguousSays(&p, w.Valley.Level))
		}
	}
	w.Back, w.BackFrom, w.Last = 0, w.Valley.End, w.Valley.End
	w.Rise = nil
}
