package fastnetmon

import (
	"fmt"
	"strings"
)

// maxThreshold is what FastNetMon's numbers hold.
const maxThreshold = 1<<32 - 1

// limit is what is compared with a rate: packets and megabits a second; 0 if it
// is not looked at.
type limit struct{ packets, megabits uint64 }

// tighter is the limit that is passed as soon as one of two is.
func (l limit) tighter(o limit) limit {
	least := func(a, b uint64) uint64 {
		if a == 0 || b == 0 {
			return max(a, b)
		}
		return min(a, b)
	}
	return limit{least(l.packets, o.packets), least(l.megabits, o.megabits)}
}

// floor writes the limit as a floor; empty if nothing is looked at.
func (l limit) floor() string {
	var words []string
	if l.packets > 0 {
		words = append(words, fmt.Sprintf("packets: %d", l.packets))
	}
	if l.megabits > 0 {
		words = append(words, fmt.Sprintf("bits: %dM", l.megabits))
	}
	return "{" + strings.Join(words, ", ") + "}"
}

// thresholds are those of a host group, or ("") of all other hosts.
type thresholds struct {
	total, tcp, udp, icmp limit
	from                  []string // the keys, with their lines
}

// thresholds reads those that are switched on.
func (im *importer) thresholds(group string) thresholds {
	var t thresholds
	prefix := ""
	if group != "" {
		prefix = group + "_"
	}
	for _, kind := range []struct {
		name string
		into *limit
	}{{"", &t.total}, {"tcp_", &t.tcp}, {"udp_", &t.udp}, {"icmp_", &t.icmp}} {
		im.threshold(&t, &kind.into.packets, prefix+"ban_for_"+kind.name+"pps", prefix+"threshold_"+kind.name+"pps")
		im.threshold(&t, &kind.into.megabits, prefix+"ban_for_"+kind.name+"bandwidth", prefix+"threshold_"+kind.name+"mbps")
	}
	return t
}

// threshold reads one, if its switch is on.
func (im *importer) threshold(t *thresholds, into *uint64, enabled, key string) {
	if !im.on(enabled) {
		im.because(switchedOff, enabled, key)
		return
	}
	im.take(enabled)
	s := im.take(key)
	if s == nil {
		im.wrong(im.conf.last[enabled], "is on, and there is no "+key+": FastNetMon would take every packet for an attack", "give the threshold")
		return
	}
	n, ok := im.number(s, 1, maxThreshold)
	if !ok {
		return
	}
	*into = n
	t.from = append(t.from, fmt.Sprintf("%s and %s (%s)", enabled, key, s.place()))
}

// floors writes the thresholds as floors by class of traffic. FastNetMon's
// counts hold several of our classes each, and a class can't pass what the
// whole doesn't; so nothing that it tells of stays below a floor. What hardly
// occurs but in an attack keeps its usual, lower floor (internal/config,
// floorClasses).
func (t thresholds) floors() []string {
	if t.total == (limit{}) && t.tcp == (limit{}) && t.udp == (limit{}) && t.icmp == (limit{}) {
		return nil
	}
	tcp, udp, icmp := t.total.tighter(t.tcp), t.total.tighter(t.udp), t.total.tighter(t.icmp)
	var out []string
	add := func(name string, l limit) {
		if l != (limit{}) {
			out = append(out, name+": "+l.floor())
		}
	}
	add("tcp", tcp)
	add("tcp_close", tcp)
	add("udp", udp)
	add("dns_queries", udp)
	add("icmp", icmp)
	add("other", t.total)
	rare, answers := limit{1000, 5}, limit{500, 1}
	for _, c := range []struct {
		name      string
		usual, by limit
	}{
		{"syn", rare, tcp}, {"syn_ack", rare, tcp}, {"tcp_abnormal", rare, tcp},
		{"amplification", answers, udp}, {"icmp_errors", limit{packets: 200}, icmp}, {"fragments", rare, t.total},
	} {
		if lower(c.by.packets, c.usual.packets) || lower(c.by.megabits, c.usual.megabits) {
			add(c.name, c.usual.tighter(c.by))
		}
	}
	return out
}

// lower tells of a threshold below what is usual.
func lower(threshold, usual uint64) bool { return threshold > 0 && threshold < usual }
