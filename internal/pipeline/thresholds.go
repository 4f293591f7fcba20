package pipeline

import (
	"downpour/internal/config"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/web"
	"downpour/internal/engine"
)

// AttackConfig is what a configuration says of attacks: whose addresses are whose,
// the floors of groups, and what links carry.
func AttackConfig(cfg *config.Config) attack.Config {
	c := attack.Default()
	c.Service, c.GroupOf = cfg.ServiceOf(), cfg.GroupOf()
	c.Targets = (cfg.Networks.Addresses + engine.Partitions - 1) / engine.Partitions
	for _, g := range cfg.Networks.Groups {
		c.Groups = append(c.Groups, floors(c.Floors, g.Floors))
	}
	capacity := map[string]float64{}
	for _, s := range cfg.Services {
		capacity[s.Name] = float64(s.Capacity)
	}
	c.Capacity = func(service string) float64 { return capacity[service] }
	return c
}

// WebConfig is what a configuration says of attacks in requests: whose hosts are whose,
// and the services' floors.
func WebConfig(cfg *config.Config) web.Config {
	c := web.Default()
	c.Service = cfg.ServiceOfHost()
	told := map[string]web.Floors{}
	for _, s := range cfg.Services {
		told[s.Name] = web.Floors{Requests: float64(s.Floors.Requests), Slow: float64(s.Floors.Slow)}
	}
	c.FloorsOf = func(service string) web.Floors {
		if f, ok := told[service]; ok {
			return f
		}
		return c.Floors
	}
	return c
}

// floors are the usual ones with those that were told in their place.
func floors(usual attack.Floors, told config.Floors) attack.Floors {
	for word, f := range told {
		if c, ok := attack.ClassNamed(word); ok {
			usual[c] = attack.Floor{Packets: float64(f.Packets), Bits: float64(f.Bits)}
		}
	}
	return usual
}
