package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gaissmai/bart"
	"github.com/goccy/go-yaml/ast"

	"downpour"
)

// Group is a part of our networks with floors of its own.
type Group struct {
	Name     string
	Prefixes []netip.Prefix // no two groups share one; of several the longest counts
	// Floors are the rates below which nothing is an attack, by the name of a
	// class; one that is not named has the usual floor.
	Floors Floors
	// Policy is off, dry-run or approve: what may be done without being asked; ""
	// if not told.
	Policy string
}

// Floors are floors by the name of a class of traffic.
type Floors map[string]Floor

// Floor is a rate in either unit; one that is 0 is not looked at.
type Floor struct {
	Packets Rate
	Bits    Rate
}

// maxGroups is what fits in a target's entry beside the number of none.
const maxGroups = 255

// floorClass is a class of traffic as a file names it.
type floorClass struct{ name, usual, counts string }

// floorClasses are those of internal/detect/attack.
func floorClasses() []floorClass {
	const bulk, rare, answers = "20k packets/s or 100M bits/s", "1k packets/s or 5M bits/s", "500 packets/s or 1M bits/s"
	return []floorClass{
		{"tcp", bulk, "TCP with ACK: connections and their data"},
		{"syn", rare, "TCP SYN"},
		{"syn_ack", rare, "TCP SYN-ACK, and web answers that nobody asked for"},
		{"tcp_close", bulk, "TCP RST and FIN"},
		{"tcp_abnormal", rare, "TCP with flags that no stack sends together"},
		{"udp", bulk, "UDP but for amplification and DNS queries; QUIC is among it"},
		{"amplification", answers, "UDP answers of services that amplify, as DNS, NTP, CLDAP and memcached"},
		{"dns_queries", bulk, "DNS queries"},
		{"icmp", bulk, "ICMP but for errors"},
		{"icmp_errors", "200 packets/s", "ICMP errors"},
		{"fragments", rare, "fragments but for the first of a packet"},
		{"other", bulk, "GRE, ESP and all other protocols"},
	}
}

func groupList(into *[]Group) value {
	return mappings[Group]{
		into: into, fresh: func() Group { return Group{} }, keys: groupKeys, required: "name",
		example: "{name: gaming, prefixes: [198.51.100.0/25], floors: {udp: {bits: 500M}}}",
		same:    func(a, b *Group) bool { return a.Name == b.Name },
	}
}

func groupKeys(g *Group) []key {
	return []key{
		{name: "name", form: "text", value: one(&g.Name, parseText(64)), doc: "Required. What it is called."},
		{name: "prefixes", form: "list of prefixes", value: many(&g.Prefixes, parsePrefix, "[198.51.100.0/25]"),
			doc: "Required. Which of our addresses are in it; where groups overlap, the longest prefix counts."},
		{name: "floors", form: "floors by class of traffic", value: floorsValue{&g.Floors},
			doc: "Below its floor a class of traffic toward one address is never an attack. A floor is `{bits: 500M}`, `{packets: 50k}` or both " +
				"(passing one of them is enough; one that is not written is not looked at), a second. `downpour check` tells what a floor would have fired on."},
		{name: "policy", form: "off, dry-run or approve", value: one(&g.Policy, parsePolicy),
			doc: "What may be done against an attack on it. Checked and kept; it takes effect with the first version that can mitigate."},
	}
}

// floorsValue is a mapping of classes to floors.
type floorsValue struct{ into *Floors }

func (v floorsValue) read(r *reader, path string, n ast.Node) {
	*v.into = Floors{}
	r.mapping(n, path, v.keys())
}

// keys are one for each class, of those floors that are there.
func (v floorsValue) keys() []key {
	var keys []key
	for _, c := range floorClasses() {
		keys = append(keys, key{name: c.name, form: "floor", value: floorValue{*v.into, c.name},
			doc: "Without it, " + c.usual + ". Counts " + c.counts + "."})
	}
	return keys
}

func (v floorsValue) inner() ([]key, string) { return v.keys(), "" }

func (v floorsValue) String() string { return flowStyle(v.keys()) }

// floorValue is the floor of one class.
type floorValue struct {
	of    Floors
	class string
}

func (v floorValue) read(r *reader, path string, n ast.Node) {
	var f Floor
	before := len(r.faults)
	r.mapping(n, path, floorKeys(&f))
	if len(r.faults) == before && f == (Floor{}) {
		r.fault(at(n), path, wrong{"says no rate", "write it as {bits: 500M}, {packets: 50k} or both"})
	}
	v.of[v.class] = f
}

func (v floorValue) String() string {
	f := v.of[v.class]
	return flowStyle(floorKeys(&f))
}

func floorKeys(f *Floor) []key {
	return []key{
		{name: "packets", form: "rate", value: one(&f.Packets, parseRate), doc: "Packets a second."},
		{name: "bits", form: "rate", value: one(&f.Bits, parseRate), doc: "Bits a second."},
	}
}

func parsePolicy(s string) (string, error) {
	if s == "automatic" {
		return "", wrong{"automatic mitigation is not supported by this version yet", "use off, dry-run or approve"}
	}
	words := []string{"off", "dry-run", "approve"}
	if slices.Contains(words, s) {
		return s, nil
	}
	return "", oneOf(s, words)
}

// checkGroups finds groups that hold nothing, nothing of ours, or what another holds.
func checkGroups(r *reader, c *Config) {
	if n := len(c.Networks.Groups); n > maxGroups {
		r.fault(r.named["networks.groups"], "networks.groups", wrong{fmt.Sprintf("has %d groups", n), fmt.Sprintf("use at most %d", maxGroups)})
	}
	own := slices.Clone(c.Networks.Own)
	for _, s := range c.Services {
		own = append(own, s.Targets...)
	}
	first := map[netip.Prefix]place{}
	for i, g := range c.Networks.Groups {
		path := fmt.Sprintf("networks.groups[%d]", i)
		if _, faulty := r.named[path+".prefixes"]; len(g.Prefixes) == 0 && !faulty {
			r.fault(r.named[path+".name"], path, wrong{"has no prefixes", "add prefixes: [198.51.100.0/25]"})
		}
		for j, at := range r.kept[path+".prefixes"] {
			p := g.Prefixes[j]
			if earlier, taken := first[p]; taken {
				r.fault(at.position, at.path, wrong{fmt.Sprintf("%s is in the group in line %d too", p, earlier.line), "name it in one of them"})
				continue
			}
			first[p] = at
			if len(own) > 0 && !slices.ContainsFunc(own, func(o netip.Prefix) bool { return o.Overlaps(p) && o.Bits() <= p.Bits() }) {
				r.fault(at.position, at.path, wrong{fmt.Sprintf("%s is not ours", p), "add it to networks.own or to a service's targets"})
			}
		}
	}
}

// GroupOf tells in which group an address lies: its number in Networks.Groups + 1,
// or 0. It is nil where there are no groups.
func (c *Config) GroupOf() func(downpour.Address) int {
	if len(c.Networks.Groups) == 0 {
		return nil
	}
	var table bart.Table[int]
	for i, g := range c.Networks.Groups {
		for _, p := range g.Prefixes {
			table.Insert(p.Masked(), i+1)
		}
	}
	return func(a downpour.Address) int {
		n, _ := table.Lookup(a.Netip())
		return n
	}
}

// Rate is a number a second.
type Rate float64

func rateUnits() []unit {
	return []unit{{"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}}
}

// parseRate takes a rate such as 500M, 1.5G, 20k or 800.
func parseRate(s string) (Rate, error) {
	written := s
	if strings.TrimLeft(s, "0123456789.") == "" {
		written += "k" // parsed in thousands, and divided again
	}
	n, err := parseUnits(written, rateUnits())
	if err != nil {
		return 0, wrong{fmt.Sprintf("%q is not a rate", s), "write a number, as 800, 20k, 500M or 1.5G"}
	}
	if written != s {
		n /= 1000
	}
	if n == 0 {
		return 0, wrong{"is 0, so that everything would be an attack", "leave it out for the usual floor"}
	}
	return Rate(n), nil
}

// String writes the rate as a file does.
func (r Rate) String() string {
	if r < 1000 || int64(r)%1000 != 0 {
		return fmt.Sprintf("%.0f", float64(r))
	}
	return formatUnits(int64(r), rateUnits())
}
