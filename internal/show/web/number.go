package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"downpour"
	"downpour/internal/wording"
)

// nbsp joins a number with its unit (U+00A0).
const nbsp = "\u00a0"

// grouped writes a whole number with commas, and a minus sign: −41,143.
func grouped(v float64) string { return strings.Replace(wording.Thousands(v), "-", "−", 1) }

// count writes a number of reports: whole if it is, one decimal if it is small.
func count(v float64) string {
	if v < 10 && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return grouped(v)
}

// significant rounds v to n significant digits.
func significant(v float64, n int) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	digits := n - 1 - int(math.Floor(math.Log10(math.Abs(v)))) // behind the point
	if digits > 0 {
		unit := math.Pow10(digits) // a tenth is no float64, so that ten divides
		return math.Round(v*unit) / unit
	}
	unit := math.Pow10(-digits)
	return math.Round(v/unit) * unit
}

// approximate writes an estimate no finer than its interval: 652 within
// [598, 702] is "about 650", an exact count is written as it is.
func approximate(e downpour.Estimate) string {
	half := (e.High - e.Low) / 2
	if half <= 0 {
		return count(e.Value)
	}
	unit := math.Pow(10, math.Floor(math.Log10(half)))
	if unit < 1 {
		return "about " + count(e.Value)
	}
	return "about " + grouped(math.Round(e.Value/unit)*unit)
}

// exact writes an estimate in full, for titles.
func exact(e downpour.Estimate) string {
	if e.Low == e.High {
		return strconv.FormatFloat(e.Value, 'f', -1, 64)
	}
	return fmt.Sprintf("%.4g, 95 %% interval %.4g to %.4g", e.Value, e.Low, e.High)
}

// percent writes a share of 1 in whole percent, and says so if it is tiny.
func percent(v float64) string {
	switch p := v * 100; {
	case p <= 0:
		return "0" + nbsp + "%"
	case p < 1:
		return "<" + nbsp + "1" + nbsp + "%"
	default:
		return strconv.FormatFloat(math.Round(p), 'f', 0, 64) + nbsp + "%"
	}
}

// interval writes a share's interval in percent, or nothing if it has none.
func interval(e downpour.Estimate) string {
	if e.Low == e.High {
		return ""
	}
	return fmt.Sprintf("[%.0f, %.0f]", math.Floor(e.Low*100+0.5), math.Floor(e.High*100+0.5))
}

// scaled writes v with an SI prefix and two or three digits: 2.1 G.
func scaled(v float64, unit string) string {
	prefixes := []struct {
		factor float64
		name   string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}
	v = significant(v, 2)
	for _, p := range prefixes {
		if v >= p.factor {
			return strconv.FormatFloat(v/p.factor, 'f', -1, 64) + nbsp + p.name + unit
		}
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + nbsp + unit
}

// bitrate and packetrate write rates for people.
func bitrate(v float64) string    { return scaled(v, "bit/s") }
func packetrate(v float64) string { return scaled(v, "packets/s") }

// byteSize writes a size in binary units, as files are counted.
func byteSize(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i == 0 {
		return grouped(v) + nbsp + units[0]
	}
	return strconv.FormatFloat(significant(v, 3), 'f', -1, 64) + nbsp + units[i]
}

// numeral spells small whole numbers, as running text does.
func numeral(n int) string {
	words := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if n >= 0 && n < len(words) {
		return words[n]
	}
	return grouped(float64(n))
}

// ordinal spells the first twelve ordinals.
func ordinal(n int) string {
	words := [...]string{"", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"}
	if n > 0 && n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n) + "th"
}
