package config

import (
	"log/slog"
	"net/netip"
	"time"
	_ "time/tzdata" // a time zone's name must mean the same on a machine without zone files

	"downpour"
)

// DefaultListen is where the pages are served unless something else is said.
const DefaultListen = "127.0.0.1:8080"

// Config is a checked configuration: every value in it can be used as it is.
type Config struct {
	Networks  Networks
	Services  []Service // at least one, names unique
	Flow      Flow
	Packets   []Packets // interfaces unique
	Logs      []Logs    // sources unique
	HTTP      HTTP
	Databases Databases
	Notify    []Notify // receivers unique
	Store     Store
	Log       Log
}

// Networks says which addresses are ours and which must never be blocked.
type Networks struct {
	// Own is what is protected. Empty: not told.
	Own []netip.Prefix
	// NeverBlock lists prefixes that no mitigation may touch.
	NeverBlock []netip.Prefix
	Groups     []Group // names unique
	// Addresses is how many addresses are watched for attacks at once, at most.
	Addresses int
}

// DefaultAddresses is how many addresses are watched unless the file says otherwise: all
// of a /15.
const DefaultAddresses = 1 << 17

// Service is one online service that is watched.
type Service struct {
	Name  string // fits in a URL path as it is
	Title string // as people know it; the name if the file gives none
	// RunBy and Contact are shown on the public pages; empty if not told.
	RunBy, Contact string
	// Targets are the service's addresses and prefixes; no two services
	// overlap. Empty: none are told.
	Targets []netip.Prefix
	// Hosts are the service's host names, in lower case.
	Hosts []string
	// Symptoms are what the report form offers; "other" is always among them.
	Symptoms []string
	// Timezone is that of the service's days and weeks.
	Timezone *time.Location
	// Capacity is what the service's link carries, in bits/s; 0 if not told.
	Capacity Rate
	Floors   RequestFloors
}

// RequestFloors are what is never an attack in web logs: requests/s to one host, and
// slow requests that are open at once.
type RequestFloors struct{ Requests, Slow Rate }

// HTTP says where pages are served and whose word on client addresses counts.
type HTTP struct {
	// Listen is host:port of the pages; empty: they are not served.
	Listen string
	// OperatorListen is host:port or unix:PATH for the operator's routes; empty:
	// they are served on Listen.
	OperatorListen string
	// TrustedProxies are believed about a client's address, nobody else is.
	TrustedProxies []netip.Prefix
	// ClientAddressHeader is one more header to believe from trusted proxies,
	// in canonical form; empty: none.
	ClientAddressHeader string
}

// Databases are paths of MMDB files; empty: the embedded table.
type Databases struct{ Country, Network string }

// Store says where rows are kept, how large they may grow and for how long
// reports, and incidents, are kept.
type Store struct {
	Path          string
	Disk          Size
	Keep          Duration
	KeepIncidents Duration
}

// Log says how much Downpour logs and in which form.
type Log struct {
	Level  slog.Level
	Format string // text or json
}

// Default is the configuration of a Downpour that was given no file.
func Default() *Config {
	c := unlistening()
	c.HTTP.Listen = DefaultListen
	c.Flow = defaultFlow()
	return c
}

// unlistening is what a file starts from: with a file, only what it names is
// bound.
func unlistening() *Config {
	example := newService()
	example.Name, example.Title = downpour.DefaultService, downpour.DefaultService
	return &Config{
		Networks: Networks{Addresses: DefaultAddresses},
		Services: []Service{example},
		Flow:     newFlow(),
		Store:    Store{Path: "./downpour-data", Disk: 2 * Gigabyte, Keep: Duration(90 * 24 * time.Hour), KeepIncidents: Duration(400 * 24 * time.Hour)},
		Log:      Log{Level: slog.LevelInfo, Format: "text"},
	}
}

// otherSymptom takes the reports that name none of a service's symptoms.
const otherSymptom = "other"

func newService() Service {
	return Service{
		Symptoms: []string{"access", "login", "loading", "posting", otherSymptom},
		Timezone: time.UTC,
		Floors:   RequestFloors{Requests: 25, Slow: 50},
	}
}
