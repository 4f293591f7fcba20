package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"downpour/internal/config"
	"downpour/internal/live"
	"downpour/internal/show/web"
	"downpour/internal/store/embedded"
)

// kept tells how the store is.
func kept(st *embedded.Store, c config.Store) web.StoreHealth {
	return web.StoreHealth{Path: c.Path, Bytes: st.Stats().Bytes, Budget: int64(c.Disk)}
}

// storeCollectors are the store's metrics, read when they are asked for.
func storeCollectors(st *embedded.Store) []prometheus.Collector {
	counter := func(name, help string, read func(embedded.Stats) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "downpour", Subsystem: "store", Name: name, Help: help},
			func() float64 { return float64(read(st.Stats())) })
	}
	gauge := func(name, help string, read func(embedded.Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "downpour", Subsystem: "store", Name: name, Help: help},
			func() float64 { return read(st.Stats()) })
	}
	return []prometheus.Collector{
		counter("reports_total", "Reports made durable.", func(s embedded.Stats) uint64 { return s.Committed }),
		counter("commits_total", "Transactions that made reports durable.", func(s embedded.Stats) uint64 { return s.Groups }),
		counter("reports_shed_total", "Reports refused because too many waited to be written.", func(s embedded.Stats) uint64 { return s.Shed }),
		gauge("reports_waiting", "Reports waiting to be written.", func(s embedded.Stats) float64 { return float64(s.Waiting) }),
		gauge("size_bytes", "Size of the store on disk, its log included.", func(s embedded.Stats) float64 { return float64(s.Bytes) }),
	}
}

// keep is what a configuration says of how long things are kept.
func keep(c config.Store) live.Keep {
	return live.Keep{Reports: time.Duration(c.Keep), Incidents: time.Duration(c.KeepIncidents), Disk: int64(c.Disk)}
}
