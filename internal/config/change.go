package config

import "slices"

// Change is one key that differs between two configurations.
type Change struct {
	Key string // "http.listen", or "services.NAME.title"
	// Live tells whether it can be applied at once; else it takes a restart.
	Live     bool
	From, To string // as one would write them; empty where there was or is nothing
}

// Changes lists what differs, in the order of the reference. A service is told
// by its name; that one came or went is a change of the key "services".
func Changes(from, to *Config) []Change {
	var changes []Change
	after := rootKeys(to)
	for i, k := range rootKeys(from) {
		if k.name == "services" {
			changes = append(changes, serviceChanges(from.Services, to.Services)...)
			continue
		}
		changes = append(changes, keyChanges(k.name, k, after[i])...)
	}
	return changes
}

func keyChanges(path string, from, to key) []Change {
	inner, isGroup := from.value.(group)
	if !isGroup {
		if from.String() == to.String() {
			return nil
		}
		return []Change{{path, from.live, from.String(), to.String()}}
	}
	var changes []Change
	for i, k := range inner.keys {
		changes = append(changes, keyChanges(join(path, k.name), k, to.value.(group).keys[i])...)
	}
	return changes
}

func serviceChanges(from, to []Service) []Change {
	var changes []Change
	if a, b := (services{&from}), (services{&to}); a.String() != b.String() {
		changes = append(changes, Change{Key: "services", From: a.String(), To: b.String()})
	}
	for _, s := range from {
		i := slices.IndexFunc(to, func(o Service) bool { return o.Name == s.Name })
		if i < 0 {
			continue
		}
		a, b := group{serviceKeys(&s)}, group{serviceKeys(&to[i])}
		changes = append(changes, keyChanges("services."+s.Name, key{value: a}, key{value: b})...)
	}
	return changes
}
