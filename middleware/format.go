package middleware

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Format is a line as it is sent: a JSON object with time (RFC 3339, when the
// answer ended), client (address or address:port), host, method, path (without
// query), agent, referer ("yes" if the request had one, never which), status,
// bytes (of the answer's body), duration_us, and forwarded (X-Forwarded-For, if
// asked for). Empty texts are left out.
const Format = `{"time":"2026-11-23T21:00:01.5Z","client":"192.0.2.7:4711","host":"www.example.com","method":"GET","path":"/","agent":"curl/8","referer":"yes","status":200,"bytes":5,"duration_us":1500,"xff":"198.51.100.3"}`

// entry is what there is to tell of a request.
type entry struct {
	time                                         time.Time
	client, forwarded, host, method, path, agent string
	referred                                     bool
	status                                       int
	bytes                                        int64
	duration                                     time.Duration
}

// maxText bounds a text that the client chose, in bytes.
const maxText = 2048

// lastHops is a list of X-Forwarded-For, of a long one the end in whole entries:
// what a client writes itself stands at the beginning, and what the proxies wrote
// of it at the end must not be what is cut off.
func lastHops(lines []string) string {
	s := strings.Join(lines, ", ")
	if len(s) <= maxText {
		return s
	}
	s = s[len(s)-maxText:]
	_, whole, found := strings.Cut(s, ",")
	if !found {
		return "unknown" // one entry, which is no address
	}
	return strings.TrimLeft(whole, " \t")
}

func write(b *bytes.Buffer, e entry) {
	b.WriteString(`{"time":"`)
	b.Write(e.time.UTC().AppendFormat(b.AvailableBuffer(), time.RFC3339Nano))
	b.WriteByte('"')
	field(b, "client", e.client)
	field(b, "host", e.host)
	field(b, "method", e.method)
	field(b, "path", e.path)
	field(b, "agent", e.agent)
	if e.referred {
		field(b, "referer", "yes")
	}
	number(b, "status", int64(e.status))
	number(b, "bytes", e.bytes)
	number(b, "duration_us", max(e.duration.Microseconds(), 1))
	field(b, "xff", e.forwarded)
	b.WriteString("}\n")
}

func number(b *bytes.Buffer, name string, n int64) {
	b.WriteString(`,"` + name + `":`)
	b.Write(strconv.AppendInt(b.AvailableBuffer(), n, 10))
}

// field writes a text as JSON (RFC 8259, 7): what is not UTF-8 becomes U+FFFD.
func field(b *bytes.Buffer, name, s string) {
	if s == "" {
		return
	}
	b.WriteString(`,"` + name + `":"`)
	for _, r := range s[:min(len(s), maxText)] {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			const hex = "0123456789abcdef"
			b.WriteString(`\u00`)
			b.WriteByte(hex[r>>4])
			b.WriteByte(hex[r&15])
		case r == utf8.RuneError:
			b.WriteString("\uFFFD")
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
