package config

import "regexp"

// key is one row of the table of keys.
type key struct {
	name string
	form string // what is written for it, in a few words
	live bool   // whether a reload applies it; else a restart does
	doc  string
	value
}

// rootKeys is the table of all keys, bound to where they go in c.
func rootKeys(c *Config) []key {
	return []key{
		{name: "networks", doc: "Which addresses are ours.", value: group{networkKeys(&c.Networks)}},
		{name: "services", doc: "The online services that are watched, each with a page of its own. Without this key there " +
			"is one, `example`.", value: services{&c.Services}},
		{name: "flow", doc: "Flow export: NetFlow, IPFIX and sFlow from routers, switches and hosts. With a file, it is received only if this key is in it. " +
			"What each vendor's devices need is told in [exporters.md](exporters.md).", value: group{flowKeys(&c.Flow)}},
		{name: "packets", form: "list of interfaces", doc: "Network interfaces of this machine to capture packets from.", value: packetsList(&c.Packets)},
		{name: "logs", form: "list of logs", doc: "Web logs that are read as they are written; what is understood is told in [weblogs.md](weblogs.md).", value: logsList(&c.Logs)},
		{name: "http", doc: "The pages and the API. With a file, they are served only if this key is in it (or `--listen` is given).",
			value: group{httpKeys(&c.HTTP)}},
		{name: "databases", doc: "Who an address belongs to, from files in MMDB format. Without a file the embedded tables answer.",
			value: group{databaseKeys(&c.Databases)}},
		{name: "store", doc: "What is kept on disk.", value: group{storeKeys(&c.Store)}},
		{name: "notify", form: "list of receivers", doc: "Who is told of incidents, and of which. What is sent is told in [alerts.md](alerts.md).", value: notifyList(&c.Notify)},
		{name: "log", doc: "What Downpour says of itself on standard error.", value: group{logKeys(&c.Log)}},
	}
}

func networkKeys(n *Networks) []key {
	return []key{
		{name: "own", form: "list of prefixes", value: many(&n.Own, parsePrefix, "[198.51.100.0/22, 2001:db8::/32]"),
			doc: "What is protected. An address in here that is no service's target belongs to the first service."},
		{name: "never_block", form: "list of prefixes", value: many(&n.NeverBlock, parsePrefix, "[192.0.2.53/32]"),
			doc: "Addresses that no mitigation may touch. Checked and kept; it takes effect with the first version that can mitigate."},
		{name: "groups", form: "list of groups", value: groupList(&n.Groups),
			doc: "Parts of our networks with floors of their own; what floors are is told in [detection.md](detection.md)."},
		{name: "addresses", form: "number", value: one(&n.Addresses, parseAddresses),
			doc: "How many addresses are watched for attacks at once, 1000 to 16000000; where more receive traffic, those that receive least give way. Each takes some 300 bytes."},
	}
}

func serviceKeys(s *Service) []key {
	return []key{
		{name: "name", form: "name", value: one(&s.Name, parseName),
			doc: "Required. Stands in the address of the page, `/s/NAME`: letters, digits, `-`, `_` and `.`, at most 64."},
		{name: "title", form: "text", live: true, value: one(&s.Title, parseText(80)),
			doc: "The name as people know it; without it, `name`."},
		{name: "run_by", form: "text", live: true, value: one(&s.RunBy, parseText(200)),
			doc: "Who runs this page (not the service), shown on it."},
		{name: "contact", form: "text", live: true, value: one(&s.Contact, parseText(200)),
			doc: "Where people write to, as for the erasure of a report's text: an e-mail address or a URL."},
		{name: "targets", form: "list of addresses and prefixes", value: many(&s.Targets, parsePrefix, "[198.51.100.0/24]"),
			doc: "The service's addresses. No two services overlap. Where neither a target nor `networks.own` is given, every " +
				"address may be one, and all belong to the first service."},
		{name: "hosts", form: "list of host names", value: many(&s.Hosts, parseHost, "[www.example.com]"),
			doc: "The service's host names."},
		{name: "symptoms", form: "list of words", live: true, value: many(&s.Symptoms, parseSymptom, "[access, login, other]"),
			doc: "What the report form offers; `other` is added if it is missing. At most 12."},
		{name: "timezone", form: "IANA time zone", value: one(&s.Timezone, parseTimezone),
			doc: "The time zone by whose days and weeks the service's users live, as in `Europe/Kyiv`."},
		{name: "capacity", form: "rate", value: one(&s.Capacity, parseRate),
			doc: "What the service's link carries, in bits a second, as `10G`. An attack is then as severe as the part of the link that it fills. Never shown to the public."},
		{name: "floors", form: "requests and slow", value: group{requestFloorKeys(&s.Floors)},
			doc: "What web logs tell is never an attack below these: `requests` a second to one of the service's hosts, and `slow` ones open at once."},
	}
}

func requestFloorKeys(f *RequestFloors) []key {
	return []key{
		{name: "requests", value: one(&f.Requests, parseRate)},
		{name: "slow", value: one(&f.Slow, parseRate)},
	}
}

func httpKeys(h *HTTP) []key {
	return []key{
		{name: "listen", form: "address:port", value: one(&h.Listen, parseListen),
			doc: "Where the pages are served; port 0 takes a free one. `\"\"`: not at all."},
		{name: "operator_listen", form: "address:port or unix:PATH", value: one(&h.OperatorListen, parseOperatorListen),
			doc: "If given, the operator's routes are served only there."},
		{name: "trusted_proxies", form: "list of prefixes", live: true, value: many(&h.TrustedProxies, parseProxy, "[127.0.0.0/8]"),
			doc: "Only from these are X-Forwarded-For, Forwarded and the PROXY protocol believed (for the latter a change takes a restart)."},
		{name: "client_address_header", form: "header name", live: true, value: one(&h.ClientAddressHeader, parseHeader),
			doc: "A header in which a trusted proxy gives the client's address, as `CF-Connecting-IP`."},
	}
}

func databaseKeys(d *Databases) []key {
	return []key{
		{name: "country", form: "path", value: one(&d.Country, parsePath), doc: "MMDB file that knows an address's country."},
		{name: "network", form: "path", value: one(&d.Network, parsePath), doc: "MMDB file that knows an address's autonomous system."},
	}
}

func storeKeys(s *Store) []key {
	return []key{
		{name: "path", form: "path", value: one(&s.Path, parseStorePath), doc: "Folder of the embedded store, made if it is missing."},
		{name: "disk", form: "size", live: true, value: one(&s.Disk, parseDisk),
			doc: "What the store may take; when it is used up, the oldest reports go first. Minutes of traffic take a quarter of it at most, and so do incidents. At least 10MB. Units: " + unitNames(sizeUnits()) + "."},
		{name: "keep", form: "duration", live: true, value: one(&s.Keep, parseKeep),
			doc: "How long reports and their counts are kept. At least 1d. Units: " + unitNames(durationUnits()) + "."},
		{name: "keep_incidents", form: "duration", live: true, value: one(&s.KeepIncidents, parseKeep),
			doc: "How long incidents that are over are kept, with what was published of them. At least 1d."},
	}
}

func logKeys(l *Log) []key {
	return []key{
		{name: "level", form: "debug, info, warn or error", live: true, value: one(&l.Level, parseLevel), doc: "The least severe entry that is written."},
		{name: "format", form: "text or json", value: one(&l.Format, parseFormat), doc: "One line of text or one JSON object an entry."},
	}
}

// feature is a key whose meaning is settled and whose feature does not exist.
type feature struct{ path, name string }

// notYetSupported lists the keys that are known and refused, since a key that
// is accepted and does nothing would be a lie. A key leaves this list in the
// commit that makes it work.
func notYetSupported() []feature {
	return []feature{
		{"enforcers", "mitigation is"},
		{"services[].probes", "probes are"},
	}
}

// entryNumber matches the number of a list's entry within a path.
var entryNumber = regexp.MustCompile(`\[\d+\]`)

// notYet tells whether a path is of a feature that does not exist yet.
func notYet(path string) (string, bool) {
	path = entryNumber.ReplaceAllString(path, "[]")
	for _, f := range notYetSupported() {
		if f.path == path {
			return f.name, true
		}
	}
	return "", false
}
