package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes.
type Size int64

// Sizes by their SI names.
const (
	Byte     Size = 1
	Kilobyte      = 1000 * Byte
	Megabyte      = 1000 * Kilobyte
	Gigabyte      = 1000 * Megabyte
	Terabyte      = 1000 * Gigabyte
)

// unit is a name and how much it stands for. A table's last one is its smallest.
type unit struct {
	name   string
	amount int64
}

// sizeUnits are the decimal units of SI and the binary ones of IEC 80000-13.
func sizeUnits() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", int64(Terabyte)}, {"GB", int64(Gigabyte)}, {"MB", int64(Megabyte)}, {"KB", int64(Kilobyte)}, {"B", 1},
	}
}

// ParseSize reads a size such as "2GB", "1.5 GiB" or "500 MB". The unit must be
// there; its case does not matter.
func ParseSize(s string) (Size, error) {
	n, err := parseUnits(s, sizeUnits())
	if err != nil {
		return 0, err
	}
	return Size(n), nil
}

// String formats the size as the smallest whole number of a unit.
func (s Size) String() string { return formatUnits(int64(s), sizeUnits()) }

// Duration is a length of time that may be written in days and weeks too: days
// of 24 hours, as a duration has no calendar.
type Duration time.Duration

func durationUnits() []unit {
	return []unit{
		{"w", int64(7 * 24 * time.Hour)}, {"d", int64(24 * time.Hour)},
		{"h", int64(time.Hour)}, {"m", int64(time.Minute)}, {"s", int64(time.Second)},
	}
}

// ParseDuration reads a duration such as "90d", "36h" or "1.5h".
func ParseDuration(s string) (Duration, error) {
	n, err := parseUnits(s, durationUnits())
	if err != nil {
		return 0, err
	}
	return Duration(n), nil
}

// String formats the duration as the smallest whole number of a unit up to days.
func (d Duration) String() string { return formatUnits(int64(d), durationUnits()[1:]) }

func parseUnits(s string, units []unit) (int64, error) {
	digits := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	name, number := "", s
	if digits >= 0 {
		number, name = s[:digits], strings.TrimSpace(s[digits:])
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || name == "" {
		return 0, wrong{says: fmt.Sprintf("%q is not a number with a unit", s), mend: "use a number with " + unitNames(units)}
	}
	for _, u := range units {
		if !strings.EqualFold(u.name, name) {
			continue
		}
		if value *= float64(u.amount); value >= math.MaxInt64 {
			return 0, wrong{says: fmt.Sprintf("%q is larger than can be counted", s)}
		}
		return int64(math.Round(value)), nil
	}
	return 0, wrong{says: fmt.Sprintf("%q has the unknown unit %q", s, name), mend: "use a number with " + unitNames(units)}
}

// formatUnits takes the unit that gives the smallest whole number.
func formatUnits(n int64, units []unit) string {
	best := units[len(units)-1]
	for _, u := range units {
		if n != 0 && n%u.amount == 0 && u.amount > best.amount {
			best = u
		}
	}
	return strconv.FormatInt(n/best.amount, 10) + best.name
}

// unitNames lists the units from the smallest.
func unitNames(units []unit) string {
	names := make([]string, len(units))
	for i, u := range units {
		names[len(units)-1-i] = u.name
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
