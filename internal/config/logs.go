package config

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Logs is a web log that is read: one of Path, Listen and Journal is set.
type Logs struct {
	Path    string // of a file, or a pattern of files
	Listen  string // udp://host:port, tcp://host:port or unix:PATH
	Journal string // a unit of systemd
	// From are the senders that are heard; empty: only this machine.
	From    []netip.Prefix
	Format  string
	Pattern string
	Fields  LogFields
	Service string // "": the host tells
	// TrustedProxies are believed about a client's address; nil: those of HTTP,
	// empty: nobody.
	TrustedProxies []netip.Prefix
}

// LogFields are what a JSON log calls its fields; empty ones go by their usual
// names.
type LogFields struct {
	Client, Forwarded, Time, Request, Method, Path, Host, Agent, Referer, Status, Bytes, Duration, DurationMS string
}

// Named lists the fields that have a name.
func (f *LogFields) Named() map[string]string {
	named := map[string]string{}
	for _, k := range logFieldKeys(f) {
		if s := *k.value.(single[string]).into; s != "" {
			named[k.name] = s
		}
	}
	return named
}

func newLogs() Logs { return Logs{Format: "auto"} }

// logFormats are the formats by name.
func logFormats() []string { return []string{"auto", "combined", "json", "alb", "envoy"} }

func logsList(into *[]Logs) value {
	return mappings[Logs]{
		into: into, fresh: newLogs, keys: logsKeys, check: checkLog,
		example: "{path: /var/log/nginx/access.log}",
		same:    func(a, b *Logs) bool { return a.Path == b.Path && a.Listen == b.Listen && a.Journal == b.Journal },
	}
}

func logsKeys(l *Logs) []key {
	return []key{
		{name: "path", form: "path or pattern", value: one(&l.Path, parseLogPath),
			doc: "A log file, or a pattern of files as `/var/log/nginx/*.log`. It is followed across rotation, from its present end on when it is read for the first time. Either this, `listen` or `journal`."},
		{name: "listen", form: "URL", value: one(&l.Listen, parseLogListen),
			doc: "A socket that lines are sent to, in syslog's frames (RFC 3164, RFC 5424) or bare: `udp://127.0.0.1:5140`, `tcp://127.0.0.1:5140` or `unix:/run/downpour/log.sock` (a stream)."},
		{name: "journal", form: "unit", value: one(&l.Journal, parseUnit),
			doc: "A unit, as `nginx.service`, that writes its log to systemd's journal, which is read by `journalctl`."},
		{name: "from", form: "list of prefixes", value: many(&l.From, parsePrefix, "[192.0.2.0/24]"),
			doc: "Who may send to `listen`; without this only this machine. Others are counted and not heard."},
		{name: "format", form: strings.Join(logFormats(), ", "), value: one(&l.Format, parseLogFormat),
			doc: "`auto` tells it from the content of each line; see [weblogs.md](weblogs.md)."},
		{name: "pattern", form: "text with variables", value: one(&l.Pattern, parseText(2000)),
			doc: "Lines of text of any other form, as nginx's log_format: `$client [$time] \"$request\" $status`."},
		{name: "fields", form: "names by field", value: compact{group{logFieldKeys(&l.Fields)}},
			doc: "What a JSON log calls its fields, if not as usual: `{client: peer.address, time: when}`."},
		{name: "service", form: "name", value: one(&l.Service, parseName),
			doc: "Whose log it is; without this the host that was asked for tells."},
		{name: "trusted_proxies", form: "list of prefixes", value: many(&l.TrustedProxies, parseProxy, "[10.0.0.0/8]"),
			doc: "Where the logged client is one of these, the rightmost address of X-Forwarded-For that is none of them is the client. Without this those of `http.trusted_proxies`; `[]`: nobody is believed."},
	}
}

func logFieldKeys(f *LogFields) []key {
	text := func(name string, into *string) key {
		return key{name: name, form: "name", value: one(into, parseText(200))}
	}
	return []key{
		text("client", &f.Client), text("forwarded", &f.Forwarded), text("time", &f.Time), text("request", &f.Request),
		text("method", &f.Method), text("path", &f.Path), text("host", &f.Host), text("agent", &f.Agent), text("referer", &f.Referer),
		text("status", &f.Status), text("bytes", &f.Bytes), text("duration", &f.Duration), text("duration_ms", &f.DurationMS),
	}
}

// compact is a group that is written without what it does not hold.
type compact struct{ group }

func (c compact) String() string { return flowStyle(c.keys) }

func checkLog(l *Logs) error {
	sources := 0
	for _, s := range []string{l.Path, l.Listen, l.Journal} {
		if s != "" {
			sources++
		}
	}
	switch {
	case sources == 0:
		return wrong{"names no source", "give it path:, listen: or journal:"}
	case sources > 1:
		return wrong{"names several sources", "make an entry of each"}
	case l.Listen == "" && len(l.From) > 0:
		return wrong{"has senders, and only what listens can have some", "leave from out"}
	case l.Pattern != "" && l.Format != "auto":
		return wrong{"has a format and a pattern", "leave one of them out"}
	}
	return nil
}

func parseLogPath(s string) (string, error) {
	if _, err := filepath.Match(s, ""); err != nil {
		return "", wrong{fmt.Sprintf("%q is not a pattern of files", s), "close its bracket"}
	}
	return parsePath(s)
}

// unitForm is the name of a unit (systemd.unit(5)).
var unitForm = regexp.MustCompile(`^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*$`)

func parseUnit(s string) (string, error) {
	if len(s) > 255 || !unitForm.MatchString(s) {
		return "", wrong{fmt.Sprintf("%q is not the name of a unit", s), "write it as nginx.service"}
	}
	return s, nil
}

func parseLogFormat(s string) (string, error) {
	if slices.Contains(logFormats(), s) {
		return s, nil
	}
	return "", oneOf(s, logFormats())
}

// parseLogListen takes udp:// and tcp:// with host:port, and unix:PATH.
func parseLogListen(s string) (string, error) {
	if strings.HasPrefix(s, unixScheme) {
		return parseOperatorListen(s)
	}
	for _, scheme := range []string{"udp://", "tcp://"} {
		if address, ok := strings.CutPrefix(s, scheme); ok {
			if _, _, err := net.SplitHostPort(address); err != nil || strings.Contains(address, "/") {
				return "", wrong{fmt.Sprintf("%q is not address:port", address), "write it as " + scheme + "127.0.0.1:5140"}
			}
			return s, nil
		}
	}
	return "", wrong{fmt.Sprintf("%q is not where lines can be received", s), "write it as udp://127.0.0.1:5140, tcp://127.0.0.1:5140 or unix:/run/downpour/log.sock"}
}

// checkLogServices finds logs of services that there are not.
func checkLogServices(r *reader, c *Config) {
	for i, l := range c.Logs {
		known := slices.ContainsFunc(c.Services, func(s Service) bool { return s.Name == l.Service })
		if l.Service != "" && !known {
			path := fmt.Sprintf("logs[%d].service", i)
			r.fault(r.named[path], path, wrong{fmt.Sprintf("%q is no service", l.Service), "name one of services"})
		}
	}
}

// AddLog reads a log besides those of the file, told from its content, unless it
// is among them.
func (c *Config) AddLog(path string) {
	if !slices.ContainsFunc(c.Logs, func(l Logs) bool { return l.Path == path }) {
		l := newLogs()
		l.Path = path
		if len(c.Services) == 1 {
			l.Service = c.Services[0].Name
		}
		c.Logs = append(c.Logs, l)
	}
}
