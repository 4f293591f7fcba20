package notify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"downpour"
	"downpour/internal/store"
)

// call is one call of a script with FastNetMon's arguments.
type call struct {
	Address   string  `json:"address"`
	Direction string  `json:"direction"` // incoming or outgoing
	Packets   float64 `json:"packets"`   // packets/s at the peak
	Action    string  `json:"action"`    // ban or unban
}

// arguments are those of FastNetMon's notify_script: IP, direction, packets/s and
// action.
func (c *call) arguments() []string {
	return []string{c.Address, c.Direction, strconv.FormatUint(uint64(c.Packets), 10), c.Action}
}

// banned is an address that a script was called for.
type banned struct {
	Incident  string    `json:"incident"`
	Direction string    `json:"direction"`
	Packets   float64   `json:"packets"`
	Number    int       `json:"number"`
	quiet     time.Time // since when nothing is seen; zero while it is
	seen      time.Time
}

// maxBanned bounds the addresses that a script was called for and that are not
// over; beyond it no further ones are told, and counted.
const maxBanned = 4096

// bans decides for which addresses a script with FastNetMon's arguments is
// called: "ban" when an attack on one address begins, "unban" when it is over.
// Attacks on prefixes and on hosts' names have no such call: scripts take an
// address.
type bans struct {
	minimum downpour.Severity
	banned  map[string]*banned // by direction and address
	shed    uint64
}

// observe takes in a new state of an incident.
func (b *bans) observe(now time.Time, r *store.Record) []item {
	var out []item
	for i := range r.Attacks {
		a := &r.Attacks[i]
		if !a.Target.Prefix.IsSingleIP() || rank(a.Severity) < rank(b.minimum) {
			continue
		}
		out = append(out, b.attack(now, r.Incident.ID, a)...)
	}
	return out
}

// attack takes in the state of an attack on one address.
func (b *bans) attack(now time.Time, incident string, a *downpour.Attack) []item {
	direction := "incoming"
	if a.Direction == downpour.Outbound {
		direction = "outgoing"
	}
	address := a.Target.Prefix.Addr().String()
	key := direction + " " + address
	e := b.banned[key]
	switch {
	case !a.Ongoing:
		if e != nil && e.quiet.IsZero() && e.seen != now {
			e.quiet = now
		}
		return nil
	case e != nil:
		e.quiet, e.seen, e.Packets = time.Time{}, now, max(e.Packets, a.Peak.Packets)
		return nil
	case len(b.banned) >= maxBanned:
		b.shed++
		return nil
	}
	e = &banned{Incident: incident, Direction: direction, Packets: a.Peak.Packets, Number: 1, seen: now}
	b.banned[key] = e
	return []item{{
		ID: a.ID + "-ban", At: now, Call: &call{address, direction, e.Packets, "ban"}, Body: []byte(details(a, address)),
	}}
}

// due tells of attacks that are over.
func (b *bans) due(now time.Time) []item {
	var out []item
	for _, key := range slices.Sorted(maps.Keys(b.banned)) {
		e := b.banned[key]
		if e.quiet.IsZero() || now.Sub(e.quiet) < hold {
			continue
		}
		delete(b.banned, key)
		_, address, _ := strings.Cut(key, " ")
		out = append(out, item{
			ID: e.Incident + "-" + address + "-unban", At: now, Call: &call{address, e.Direction, e.Packets, "unban"},
		})
	}
	return out
}

// details is what a script gets on its standard input with a ban: lines of text,
// as from FastNetMon, though not the same ones.
func details(a *downpour.Attack, address string) string {
	var b strings.Builder
	line := func(name, format string, args ...any) { fmt.Fprintf(&b, name+": "+format+"\n", args...) }
	names := make([]string, len(a.Vectors))
	for i, v := range a.Vectors {
		names[i] = v.Name
	}
	line("IP", "%s", address)
	line("Attack type", "%s", strings.Join(names, ", "))
	line("Attack severity", "%s", a.Severity)
	line("Attack onset", "%s", a.Onset.UTC().Format(time.RFC3339))
	line("Peak attack power", "%.0f packets per second", a.Peak.Packets)
	line("Peak attack bandwidth", "%.0f bits per second", a.Peak.Bits)
	line("Why", "%s", a.Why)
	return b.String()
}
