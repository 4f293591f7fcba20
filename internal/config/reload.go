package config

import "slices"

// Reloaded is the running configuration with those keys of next that a reload
// applies. Services are told apart by their names; one that came or went waits
// for a restart.
func (c *Config) Reloaded(next *Config) *Config {
	out := *c
	out.HTTP.TrustedProxies = next.HTTP.TrustedProxies
	out.HTTP.ClientAddressHeader = next.HTTP.ClientAddressHeader
	out.Flow.Exporters, out.Flow.Allow = next.Flow.Exporters, next.Flow.Allow
	out.Store = next.Store
	out.Store.Path = c.Store.Path
	out.Log.Level = next.Log.Level
	out.Services = slices.Clone(c.Services)
	for i := range out.Services {
		s := &out.Services[i]
		j := slices.IndexFunc(next.Services, func(o Service) bool { return o.Name == s.Name })
		if j >= 0 {
			n := next.Services[j]
			s.Title, s.RunBy, s.Contact, s.Symptoms = n.Title, n.RunBy, n.Contact, n.Symptoms
		}
	}
	return &out
}
