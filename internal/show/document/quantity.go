package document

import (
	"fmt"
	"strconv"
	"time"
)

// scaled writes a figure to three digits with a decimal SI prefix: 11.4 M.
func scaled(v float64, unit string) string {
	for _, s := range []struct {
		factor float64
		prefix string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= s.factor {
			return fmt.Sprintf("%.3g %s%s", v/s.factor, s.prefix, unit)
		}
	}
	return fmt.Sprintf("%.3g %s", v, unit)
}

// percent writes a share as whole percents, or to one digit below ten.
func percent(share float64) string {
	p := share * 100
	if p > 0 && p < 9.95 {
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

// span writes a duration in the two largest units that matter.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 0, 64) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// moment writes a time in UTC with the milliseconds that it has.
func moment(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04:05.000")
}
