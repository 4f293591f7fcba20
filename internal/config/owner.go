package config

import (
	"github.com/gaissmai/bart"

	"downpour"
)

// ServiceOf tells to which service an address belongs and whether it is ours at
// all. It is nil where the configuration names no address: then every address
// may be a target, and all belong to the first service.
func (c *Config) ServiceOf() func(downpour.Address) (service string, ours bool) {
	owners := new(bart.Table[string])
	for _, p := range c.Networks.Own {
		owners.Insert(p.Masked(), c.Services[0].Name)
	}
	for _, s := range c.Services {
		for _, p := range s.Targets {
			owners.Insert(p.Masked(), s.Name)
		}
	}
	first := c.Services[0].Name
	if owners.Size() == 0 {
		if first == downpour.DefaultService {
			return nil
		}
		return func(downpour.Address) (string, bool) { return first, true }
	}
	return func(a downpour.Address) (string, bool) {
		service, ours := owners.Lookup(a.Netip())
		if !ours {
			return first, false
		}
		return service, true
	}
}
