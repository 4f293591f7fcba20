package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// maxSymptoms is as many as a form can offer at a glance.
const maxSymptoms = 12

// check finds what no single value shows: contradictions between values.
func check(r *reader, c *Config) {
	checkNames(r, c.Services)
	checkTargets(r, c.Services)
	checkHosts(r, c.Services)
	for i, s := range c.Services {
		if len(s.Symptoms) > maxSymptoms {
			path := fmt.Sprintf("services[%d].symptoms", i)
			r.fault(r.named[path], path, wrong{fmt.Sprintf("has %d entries", len(s.Symptoms)), fmt.Sprintf("use at most %d", maxSymptoms)})
		}
	}
	checkGroups(r, c)
	checkHTTP(r, c.HTTP)
	checkLogServices(r, c)
	checkFlow(r, c.Flow)
}

func checkNames(r *reader, all []Service) {
	first := map[string]position{}
	for i, s := range all {
		path := fmt.Sprintf("services[%d].name", i)
		if earlier, ok := first[s.Name]; ok {
			r.fault(r.named[path], path, wrong{fmt.Sprintf("%q is the name of the service in line %d too", s.Name, earlier.line), "give each its own"})
		} else if s.Name != "" {
			first[s.Name] = r.named[path]
		}
	}
}

// target is a prefix with the service it belongs to and its place in the file.
type target struct {
	service int
	place   place
	prefix  netip.Prefix
}

// checkTargets finds targets of two services that overlap. Sorted by address, a
// prefix can overlap only the ones that enclose it, and these form a stack.
func checkTargets(r *reader, all []Service) {
	var enclosing []target
	for _, t := range sortedTargets(r, all) {
		for len(enclosing) > 0 && !enclosing[len(enclosing)-1].prefix.Overlaps(t.prefix) {
			enclosing = enclosing[:len(enclosing)-1]
		}
		for _, outer := range enclosing {
			if outer.service != t.service {
				reportOverlap(r, outer, t)
				break
			}
		}
		enclosing = append(enclosing, t)
	}
}

// sortedTargets lists all targets by address, the wider of two prefixes first.
func sortedTargets(r *reader, all []Service) []target {
	var targets []target
	for i, s := range all {
		places := r.kept[fmt.Sprintf("services[%d].targets", i)]
		for j, p := range s.Targets {
			targets = append(targets, target{i, places[j], p})
		}
	}
	slices.SortStableFunc(targets, func(a, b target) int {
		return cmp.Or(a.prefix.Addr().Compare(b.prefix.Addr()), cmp.Compare(a.prefix.Bits(), b.prefix.Bits()))
	})
	return targets
}

// reportOverlap blames the one that stands later in the file.
func reportOverlap(r *reader, a, b target) {
	if a.service > b.service {
		a, b = b, a
	}
	r.fault(b.place.position, b.place.path, wrong{
		fmt.Sprintf("%s overlaps %s of the service in line %d", b.prefix, a.prefix, a.place.line),
		"let each address belong to one service",
	})
}

func checkHosts(r *reader, all []Service) {
	first := map[string]place{}
	for i, s := range all {
		places := r.kept[fmt.Sprintf("services[%d].hosts", i)]
		for j, host := range s.Hosts {
			earlier, taken := first[host]
			if !taken {
				first[host] = places[j]
				continue
			}
			r.fault(places[j].position, places[j].path,
				wrong{fmt.Sprintf("%q is a host of the service in line %d too", host, earlier.line), "name it at one of them"})
		}
	}
}

func checkHTTP(r *reader, h HTTP) {
	if h.OperatorListen != "" && h.OperatorListen == h.Listen {
		path := "http.operator_listen"
		r.fault(r.named[path], path, wrong{"is the same as http.listen", "leave it out to serve both there"})
	}
	if h.ClientAddressHeader != "" && len(h.TrustedProxies) == 0 {
		path := "http.client_address_header"
		r.fault(r.named[path], path, wrong{"is believed from trusted proxies only, and there are none", "add them as trusted_proxies"})
	}
}

// complete fills in what follows from the rest.
func complete(r *reader, c *Config) {
	_, http := r.named["http"]
	if _, listen := r.named["http.listen"]; http && !listen {
		c.HTTP.Listen = DefaultListen
	}
	for i := range c.Services {
		s := &c.Services[i]
		if s.Title == "" {
			s.Title = s.Name
		}
		if !slices.Contains(s.Symptoms, otherSymptom) {
			s.Symptoms = append(s.Symptoms, otherSymptom)
		}
	}
}
