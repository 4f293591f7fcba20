package weblog

import "strings"

// key is a name in JSON, what it tells, and the names below it.
type key struct {
	name  string
	field field
	// unit of a duration, in microseconds.
	unit float64
	// rank orders names that tell the same: of those in a line the lowest wins.
	rank  uint8
	below *keys
}

// keys are the names at one level, by their length: a line's names are looked up
// by it first, since most differ in it. What is longer than any name that is
// known is nobody's.
type keys struct{ byLength [40][]key }

// find returns a name's entry; nil if it is not known.
func (k *keys) find(name []byte) *key {
	if len(name) >= len(k.byLength) {
		return nil
	}
	of := k.byLength[len(name)]
	for i := range of {
		if of[i].name == string(name) {
			return &of[i]
		}
	}
	return nil
}

// add enters a name that tells a field; dots lead to names below.
func (k *keys) add(name string, f field, unit float64, rank uint8) {
	first, rest, nested := strings.Cut(name, ".")
	if len(first) >= len(k.byLength) {
		return
	}
	entry := k.find([]byte(first))
	if entry == nil {
		k.byLength[len(first)] = append(k.byLength[len(first)], key{name: first})
		entry = k.find([]byte(first))
	}
	if !nested {
		entry.field, entry.unit, entry.rank = f, unit, rank
		return
	}
	if entry.below == nil {
		entry.below = &keys{}
	}
	entry.below.add(rest, f, unit, rank)
}

// usualNames are what servers call their fields: nginx's variables, Caddy,
// Envoy's and Istio's command operators, Traefik, Docker's and the Elastic Common
// Schema, Google's LogEntry, Cloudflare's Logpush, and what people choose. Of a
// field's names the first that a line has wins.
func usualNames() map[field][]string {
	return map[field][]string{
		fieldClient: {"request.client_ip", "request.remote_ip", "remote_addr", "client_ip", "clientip", "remote_ip", "remote_address",
			"downstream_remote_address_without_port", "downstream_remote_address", "downstream_direct_remote_address",
			"ClientHost", "ClientAddr", "ClientIP", "httpRequest.remoteIp", "client.ip", "source.ip", "client", "remote", "ip"},
		fieldForwarded: {"http_x_forwarded_for", "x_forwarded_for", "request.headers.X-Forwarded-For", "request_X-Forwarded-For",
			"x-forwarded-for", "forwarded_for", "xff"},
		fieldTime: {"time_iso8601", "StartUTC", "start_time", "time_local", "msec", "ts", "@timestamp", "timestamp", "time",
			"EdgeStartTimestamp", "date", "datetime"},
		fieldRequest: {"request", "request_line"},
		fieldMethod: {"request.method", "request_method", "method", "RequestMethod", "httpRequest.requestMethod", "http.request.method",
			"ClientRequestMethod", "verb"},
		fieldTarget: {"request.uri", "request_uri", "uri", "path", "RequestPath", "httpRequest.requestUrl", "url.path", "url",
			"ClientRequestURI", "ClientRequestPath"},
		fieldHost: {"request.host", "http_host", "host", "authority", "RequestHost", "url.domain", "ClientRequestHost", "vhost",
			"server_name", "domain"},
		fieldAgent: {"http_user_agent", "user_agent", "request.headers.User-Agent", "request_User-Agent", "httpRequest.userAgent",
			"user_agent.original", "ClientRequestUserAgent", "user-agent", "agent", "ua"},
		fieldReferer: {"http_referer", "request.headers.Referer", "request_Referer", "httpRequest.referer", "ClientRequestReferer",
			"referer", "referrer"},
		fieldStatus: {"status", "response_code", "DownstreamStatus", "httpRequest.status", "http.response.status_code",
			"EdgeResponseStatus", "status_code", "code"},
		fieldBytes: {"bytes_sent", "body_bytes_sent", "size", "DownstreamContentSize", "httpRequest.responseSize",
			"http.response.bytes", "EdgeResponseBytes", "bytes", "response_size"},
	}
}

// usualDurations are the names of durations with their units, none where the
// value tells.
func usualDurations() []key {
	return []key{
		{name: "request_time", unit: seconds}, {name: "Duration", unit: nanoseconds}, {name: "event.duration", unit: nanoseconds},
		{name: "duration_ms", unit: milliseconds}, {name: "duration_us", unit: 1}, {name: "duration"},
		{name: "httpRequest.latency", unit: seconds}, {name: "latency"}, {name: "rt", unit: seconds},
	}
}

// newKeys enters the usual names, and above them those that were configured.
func newKeys(configured map[string]string) (*keys, error) {
	k := &keys{}
	for f, names := range usualNames() {
		for i, name := range names {
			k.add(name, f, 0, uint8(i+1))
		}
	}
	for i, e := range usualDurations() {
		k.add(e.name, fieldDuration, e.unit, uint8(i+1))
	}
	for name, logged := range configured {
		f, unit, err := fieldNamed(name)
		if err != nil {
			return nil, err
		}
		k.add(logged, f, unit, 0)
	}
	return k, nil
}
