package live

// Reconfigure applies what a reload may change: how known services are shown,
// and what the store may keep. Services that are not watched are ignored; to
// watch them takes a restart.
func (l *Live) Reconfigure(services []Service, keep Keep) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range services {
		known := l.services[s.ID]
		if known == nil {
			continue
		}
		s.Zone = known.Zone
		known.Service = s
		if i < len(l.cfg.Services) && l.cfg.Services[i].ID == s.ID {
			l.cfg.Services[i] = s
		}
	}
	l.cfg.Keep = keep
}

// watched are the ids of the services, in the configuration's order, for those
// who go through them without holding the lock that a reload takes.
func (l *Live) watched() []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	ids := make([]string, 0, len(l.cfg.Services))
	for _, s := range l.cfg.Services {
		ids = append(ids, s.ID)
	}
	return ids
}
