// Package wording writes numbers as sentences need them, the same in pages, in
// the text of an analysis and in what is concluded.
package wording

import (
	"math"
	"strconv"
)

// Thousands writes a number rounded to a whole one, with commas: 41,143.
func Thousands(v float64) string {
	s := strconv.FormatFloat(math.Abs(math.Round(v)), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if v <= -0.5 {
		return "-" + s
	}
	return s
}

// Count writes a number with the noun that fits: 1 packet, 13,122 packets.
func Count[N int | uint64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(float64(n)) + " " + many
}
