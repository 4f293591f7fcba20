package config

import "strings"

// ServiceOfHost tells to which service a host of a web log belongs: the one that
// names it among its hosts, else the first.
func (c *Config) ServiceOfHost() func(host string) string {
	first, of := c.Services[0].Name, map[string]string{}
	for _, s := range c.Services {
		for _, h := range s.Hosts {
			of[strings.ToLower(h)] = s.Name
		}
	}
	return func(host string) string {
		if s, ok := of[host]; ok {
			return s
		}
		return first
	}
}
