package golden

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"downpour"
)

// Table is the quality that was measured: each case, and the totals.
type Table struct {
	Results []Result
	Total   Total
}

// Total are the figures over all cases.
type Total struct {
	Cases, Held           int // cases, and those in which every check holds
	Attacks, Found, Extra int // in the truth, found of them, found besides
	Vectors               int // found with the right vectors
	Mistaken              int // not found although another attack was
	Benign, FalseAlarms   int // cases without an attack, and those with an alarm
	Outages, OutagesFound int
	OutagesExtra          int
	OnsetMedian, OnsetP95 time.Duration // error of the onset
	DelayMedian, DelayP95 time.Duration // from onset to alarm
	// The same of web logs, which write whole seconds and ends of requests.
	LogOnsetMedian, LogOnsetP95, LogDelayMedian, LogDelayP95 time.Duration
	Spoofing, Reflection                                     Calibration
}

// Calibration says how honest a likelihood is.
type Calibration struct {
	Forecasts int
	Brier     float64 // mean squared error: 0 is perfect, 0.25 is a coin
	Bands     []Band
}

// Band is what was said with one likelihood word, and how often it was so.
type Band struct {
	Word      string
	Forecasts int
	Said      float64 // mean
	So        float64 // share in which it was so
}

// newTable adds up the results.
func newTable(results []Result) Table {
	t := Table{Results: results}
	var onsets, delays, logOnsets, logDelays []time.Duration
	var spoofing, reflection []forecast
	for i := range results {
		r := &results[i]
		t.Total.add(r)
		if r.log {
			logOnsets, logDelays = append(logOnsets, r.onsetErrors...), append(logDelays, r.delays...)
		} else {
			onsets, delays = append(onsets, r.onsetErrors...), append(delays, r.delays...)
		}
		spoofing = append(spoofing, r.spoofing...)
		reflection = append(reflection, r.reflection...)
	}
	t.Total.OnsetMedian, t.Total.OnsetP95 = quantile(onsets, 0.5), quantile(onsets, 0.95)
	t.Total.DelayMedian, t.Total.DelayP95 = quantile(delays, 0.5), quantile(delays, 0.95)
	t.Total.LogOnsetMedian, t.Total.LogOnsetP95 = quantile(logOnsets, 0.5), quantile(logOnsets, 0.95)
	t.Total.LogDelayMedian, t.Total.LogDelayP95 = quantile(logDelays, 0.5), quantile(logDelays, 0.95)
	t.Total.Spoofing, t.Total.Reflection = calibrate(spoofing), calibrate(reflection)
	return t
}

func (t *Total) add(r *Result) {
	t.Cases++
	if len(r.Failures) == 0 {
		t.Held++
	}
	t.Attacks += r.attacks
	t.Found += r.found
	t.Extra += r.extra
	t.Vectors += r.vectors
	t.Mistaken += r.mistaken
	t.Outages += r.outages
	t.OutagesFound += r.outagesFound
	t.OutagesExtra += r.outagesExtra
	if r.benign {
		t.Benign++
		if r.extra > 0 {
			t.FalseAlarms++
		}
	}
}

// quantile is the smallest value that is not below a share q of the list.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// calibrate makes the reliability table by the words of ICD 203.
func calibrate(list []forecast) Calibration {
	c := Calibration{Forecasts: len(list)}
	slices.SortFunc(list, func(a, b forecast) int { return cmp.Compare(a.said, b.said) })
	for _, f := range list {
		so := 0.0
		if f.so {
			so = 1
		}
		c.Brier += (f.said - so) * (f.said - so) / float64(len(list))
		word := downpour.NewLikelihood(f.said).Word()
		if n := len(c.Bands); n == 0 || c.Bands[n-1].Word != word {
			c.Bands = append(c.Bands, Band{Word: word})
		}
		b := &c.Bands[len(c.Bands)-1]
		b.Said += f.said
		b.So += so
		b.Forecasts++
	}
	for i := range c.Bands {
		c.Bands[i].Said /= float64(c.Bands[i].Forecasts)
		c.Bands[i].So /= float64(c.Bands[i].Forecasts)
	}
	return c
}

// Failed lists the cases that do not hold.
func (t *Table) Failed() []Result {
	var list []Result
	for _, r := range t.Results {
		if len(r.Failures) > 0 {
			list = append(list, r)
		}
	}
	return list
}

// share is n of whole in per cent, or a dash if there is nothing to divide by.
func share(n, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %% (%d of %d)", 100*float64(n)/float64(whole), n, whole)
}

// rows are the totals as names and values.
func (t *Total) rows() [][2]string {
	return [][2]string{
		{"Cases in which every check holds", share(t.Held, t.Cases)},
		{"Recall of attacks", share(t.Found, t.Attacks)},
		{"Precision of attacks", share(t.Found, t.Found+t.Extra)},
		{"Victim right, where anything was found", share(t.Found, t.Found+t.Mistaken)},
		{"Vectors right, of those found", share(t.Vectors, t.Found)},
		{"Cases without an attack that raise a false alarm", share(t.FalseAlarms, t.Benign)},
		{"Error of the onset, median and 95 %", milliseconds(t.OnsetMedian) + " and " + milliseconds(t.OnsetP95)},
		{"Time to detect, median and 95 %", milliseconds(t.DelayMedian) + " and " + milliseconds(t.DelayP95)},
		{"Error of the onset in web logs, median and 95 %", milliseconds(t.LogOnsetMedian) + " and " + milliseconds(t.LogOnsetP95)},
		{"Time to detect in web logs, median and 95 %", milliseconds(t.LogDelayMedian) + " and " + milliseconds(t.LogDelayP95)},
		{"Recall of outages", share(t.OutagesFound, t.Outages)},
		{"Precision of outages", share(t.OutagesFound, t.OutagesFound+t.OutagesExtra)},
		{"Brier score of spoofing", fmt.Sprintf("%.3f (%d forecasts)", t.Spoofing.Brier, t.Spoofing.Forecasts)},
		{"Brier score of reflection", fmt.Sprintf("%.3f (%d forecasts)", t.Reflection.Brier, t.Reflection.Forecasts)},
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// Text writes what does not hold, and the totals.
func (t *Table) Text(w io.Writer) error {
	p := printer{w: w}
	for _, r := range t.Failed() {
		p.f("%s (%s)\n", r.Name, r.Says)
		for _, f := range r.Failures {
			p.f("    %s\n", f)
		}
	}
	for _, row := range t.Total.rows() {
		p.f("%-50s %s\n", row[0], row[1])
	}
	return p.err
}

// printer writes until something fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
