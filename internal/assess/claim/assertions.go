package claim

import (
	"regexp"
	"strings"
	"time"

	"downpour"

	"github.com/goccy/go-yaml/ast"
)

// kinds are what a claim can assert, in the order in which they are assessed.
var kinds = []string{"attack", "kind", "origin", "actor", "scale", "resources", "coordination", "frequency", "time"}

// assertions reads the map under asserts.
func (l *loader) assertions(n ast.Node) ([]downpour.Assertion, error) {
	list, err := l.pairs(n, "asserts")
	if err != nil {
		return nil, err
	}
	byKind := map[string]downpour.Assertion{}
	for _, p := range list {
		kind := keyOf(p)
		a := downpour.Assertion{Kind: kind}
		switch kind {
		case "attack", "coordination":
			err = l.flag(&a, p.Value)
		case "origin":
			err = l.origin(&a, p.Value)
		case "time":
			err = l.time(&a, p.Value)
		case "kind", "actor", "scale", "resources", "frequency":
			err = l.value(&a, p.Value)
		default:
			return nil, l.fault(p.Key, "unknown assertion %q; one of %s", kind, strings.Join(kinds, ", "))
		}
		if err != nil {
			return nil, err
		}
		byKind[kind] = a
	}
	out := make([]downpour.Assertion, 0, len(byKind))
	for _, kind := range kinds {
		if a, ok := byKind[kind]; ok {
			out = append(out, a)
		}
	}
	return out, nil
}

// flag reads true or false; false is the negation of true.
func (l *loader) flag(a *downpour.Assertion, n ast.Node) error {
	if err := l.value(a, n); err != nil {
		return err
	}
	switch a.Value {
	case "true":
	case "false":
		a.Negated = !a.Negated
	default:
		return l.fault(n, "%s is true or false, not %q", a.Kind, a.Value)
	}
	a.Value = "true"
	return nil
}

// value reads a scalar, {not: value} or a list of values.
func (l *loader) value(a *downpour.Assertion, n ast.Node) error {
	if seq, ok := n.(*ast.SequenceNode); ok {
		var values []string
		for _, e := range seq.Values {
			v, err := l.text(e, a.Kind)
			if err != nil {
				return err
			}
			values = append(values, v)
		}
		if len(values) == 0 {
			return l.fault(n, "%s needs a value", a.Kind)
		}
		a.Value = strings.Join(values, ", ")
		return nil
	}
	if !isMap(n) {
		v, err := l.text(n, a.Kind)
		if err == nil && v == "" {
			err = l.fault(n, "%s needs a value", a.Kind)
		}
		a.Value = v
		return err
	}
	list, err := l.pairs(n, a.Kind)
	if err != nil {
		return err
	}
	if len(list) != 1 || keyOf(list[0]) != "not" || isMap(list[0].Value) {
		return l.fault(n, "%s is a value or {not: value}", a.Kind)
	}
	a.Negated = true
	return l.value(a, list[0].Value)
}

func isMap(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	networkName = regexp.MustCompile(`^(AS)?[0-9]{1,10}$`)
)

// origin reads {country: UA}, {network: AS64500} and what they are said of.
func (l *loader) origin(a *downpour.Assertion, n ast.Node) error {
	list, err := l.pairs(n, "origin")
	if err != nil {
		return l.fault(n, "origin is a map; write {country: UA} or {network: AS64500}, with {not: …} where it is denied")
	}
	for _, p := range list {
		switch key := keyOf(p); key {
		case "country", "network":
			if a.Value != "" {
				return l.fault(p.Key, "origin has a country or a network; make two claims of it")
			}
			if err := l.value(a, p.Value); err != nil {
				return err
			}
			if err := l.places(a, key, p.Value); err != nil {
				return err
			}
		case "of":
			if a.Of, err = l.text(p.Value, "of"); err != nil {
				return err
			}
		default:
			return l.fault(p.Key, "unknown key %q; origin has country, network and of", key)
		}
	}
	if a.Value == "" {
		return l.fault(n, "origin without country or network; write {country: UA}")
	}
	return nil
}

// places checks country codes and network numbers; networks become "AS64500".
func (l *loader) places(a *downpour.Assertion, key string, at ast.Node) error {
	values := strings.Split(a.Value, ", ")
	for i, v := range values {
		switch {
		case key == "country" && !countryCode.MatchString(v):
			return l.fault(at, "country %q; write the two letters of ISO 3166-1, such as UA (in quotes where YAML reads a word, as \"NO\")", v)
		case key == "network" && !networkName.MatchString(v):
			return l.fault(at, "network %q; write its number, such as AS64500", v)
		case key == "network":
			values[i] = "AS" + strings.TrimPrefix(v, "AS")
		}
	}
	a.Value = strings.Join(values, ", ")
	return nil
}

// time reads a moment or {from: …, to: …}; the value is RFC 3339, an interval
// with a slash (ISO 8601).
func (l *loader) time(a *downpour.Assertion, n ast.Node) error {
	if !isMap(n) {
		if err := l.value(a, n); err != nil {
			return err
		}
		return l.moment(a.Value, n)
	}
	list, err := l.pairs(n, "time")
	if err != nil {
		return err
	}
	parts := map[string]string{}
	for _, p := range list {
		key := keyOf(p)
		if key != "from" && key != "to" {
			return l.fault(p.Key, "unknown key %q; time is a moment or {from: …, to: …}", key)
		}
		if parts[key], err = l.text(p.Value, key); err != nil {
			return err
		}
		if err := l.moment(parts[key], p.Value); err != nil {
			return err
		}
	}
	if parts["from"] == "" || parts["to"] == "" {
		return l.fault(n, "time needs from and to, or is one moment")
	}
	a.Value = parts["from"] + "/" + parts["to"]
	if from, to, ok := window(a.Value); !ok || to.Before(from) {
		return l.fault(n, "time ends before it begins; exchange from and to")
	}
	return nil
}

func (l *loader) moment(s string, at ast.Node) error {
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return l.fault(at, "time %q; write it as RFC 3339 does, such as 2026-03-09T14:02:00Z", s)
	}
	return nil
}

// window reads a moment or an interval as time holds it.
func window(s string) (from, to time.Time, ok bool) {
	first, last, both := strings.Cut(s, "/")
	from, err := time.Parse(time.RFC3339, first)
	if !both {
		return from.UTC(), from.UTC(), err == nil
	}
	to, err2 := time.Parse(time.RFC3339, last)
	return from.UTC(), to.UTC(), err == nil && err2 == nil
}
