package weblog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// configurable are the names that fields are configured by, and that a pattern
// may use beside those of logs.
func configurable() map[string]key {
	return map[string]key{
		"client": {field: fieldClient}, "forwarded": {field: fieldForwarded}, "time": {field: fieldTime},
		"request": {field: fieldRequest}, "method": {field: fieldMethod}, "path": {field: fieldTarget}, "host": {field: fieldHost},
		"agent": {field: fieldAgent}, "referer": {field: fieldReferer}, "status": {field: fieldStatus}, "bytes": {field: fieldBytes},
		"duration":    {field: fieldDuration, unit: seconds},
		"duration_ms": {field: fieldDuration, unit: milliseconds},
		"duration_us": {field: fieldDuration, unit: 1},
		"duration_ns": {field: fieldDuration, unit: nanoseconds},
	}
}

// fieldNamed returns the field that a configuration calls by a name.
func fieldNamed(name string) (field, float64, error) {
	k, ok := configurable()[name]
	if !ok {
		return noField, 0, fmt.Errorf("field %q is not one of %s", name, strings.Join(slices.Sorted(maps.Keys(configurable())), ", "))
	}
	return k.field, k.unit, nil
}
