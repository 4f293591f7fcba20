package weblog

import (
	"fmt"
	"net/netip"

	"downpour"
	"downpour/internal/observe/report"
)

// MaxLine is the longest line that is read, in bytes; a longer one is cut there
// and counted.
const MaxLine = 64 << 10

// Formats by name.
const (
	Auto     = "auto"     // told from the content of each line
	Combined = "combined" // common, combined, vhost_combined, Traefik's
	JSON     = "json"
	ALB      = "alb"
	Envoy    = "envoy" // Envoy's and Istio's default text
)

// Options say how a log is read.
type Options struct {
	// Format is one of the names above; "" is Auto. It says nothing where there
	// is a Pattern.
	Format string
	// Pattern describes a line of text as nginx's log_format does; "" if none.
	Pattern string
	// Fields name what a JSON log calls things: "client": "peer.address".
	Fields map[string]string
	// Service is whose log it is; "" where only the host can tell.
	Service string
	// Trusted are the proxies that are believed about their clients.
	Trusted []netip.Prefix
}

// Decoder reads one log's lines. It is used by one goroutine.
type Decoder struct {
	service string
	proxies report.Proxies
	watch   *report.ProxyWatch
	keys    *keys
	formats []format // to be tried; one if it is given
	usual   int      // the one that read the last line
	clock   clock
	entry   entry             // at hand; here, since on the stack it would not stay there
	ranks   [fieldCount]uint8 // see Decoder.take
	parts   [2][]byte         // of lines that a container runtime cut, by stream
	cut     bool              // whether the line at hand was cut
	account account
}

// format is a way to read a line.
type format struct {
	name string
	read func(d *Decoder, line []byte, e *entry) reason
}

// NewDecoder returns a decoder. Its errors are of the options.
func NewDecoder(opt Options) (*Decoder, error) {
	names, err := newKeys(opt.Fields)
	if err != nil {
		return nil, err
	}
	formats, err := formatsOf(opt, names)
	if err != nil {
		return nil, err
	}
	proxies := report.Proxies{Trusted: opt.Trusted}
	return &Decoder{
		service: opt.Service, proxies: proxies, watch: report.NewProxyWatch(proxies), keys: names, formats: formats,
	}, nil
}

// formatsOf lists what can be tried, the likeliest first.
func formatsOf(opt Options, names *keys) ([]format, error) {
	if opt.Pattern != "" {
		p, err := newPattern(opt.Pattern, names)
		if err != nil {
			return nil, err
		}
		return []format{{"pattern", p.format()}}, nil
	}
	all := []format{{Combined, (*Decoder).combined}, {JSON, (*Decoder).jsonLine}, {ALB, (*Decoder).alb}}
	for _, description := range envoyPatterns() {
		p, err := newPattern(description, names)
		if err != nil {
			return nil, err
		}
		all = append(all, format{Envoy, p.format()})
	}
	if opt.Format == Auto || opt.Format == "" {
		return all, nil
	}
	var named []format
	for _, f := range all {
		if f.name == opt.Format {
			named = append(named, f)
		}
	}
	if named == nil {
		return nil, fmt.Errorf("format %q is not one of auto, combined, json, alb, envoy", opt.Format)
	}
	return named, nil
}

func (p *pattern) format() func(*Decoder, []byte, *entry) reason {
	return func(d *Decoder, line []byte, e *entry) reason { return p.read(d, line, e) }
}

// Decode reads one line, without its line feed, into r, whose strings then point
// into the line; it may change the line. False if it is no request, which is
// counted unless it is blank. A line that is longer than MaxLine is cut.
func (d *Decoder) Decode(line []byte, r *downpour.Request) bool {
	d.cut = len(line) > MaxLine
	if d.cut {
		line = line[:MaxLine]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if len(line) == 0 {
		return false
	}
	d.account.Lines++
	line, more := d.unwrap(line)
	if d.cut {
		d.account.Cut++
	}
	if more || len(line) == 0 {
		return false
	}
	why := d.read(line, r)
	if why != fine {
		d.account.broken(why, line)
		return false
	}
	d.account.took(r.Time)
	return true
}

// read tries the format that read the last line, then the others. What is told of
// a line that none can read is what the likeliest says.
func (d *Decoder) read(line []byte, r *downpour.Request) reason {
	why := d.attempt(d.usual, line, r)
	if why == fine || len(d.formats) == 1 {
		return why
	}
	if likely(d.formats[d.usual].name, line) < 0 {
		why = unknownFormat
	}
	for i := range d.formats {
		if i == d.usual {
			continue
		}
		switch also := d.attempt(i, line, r); {
		case also == fine:
			d.usual = i
			return fine
		case also != unknownFormat && likely(d.formats[i].name, line) > 0:
			why = also
		}
	}
	return why
}

// likely tells by its first byte whether a line can be (1) or cannot be (-1) of a
// format.
func likely(format string, line []byte) int {
	begins := Combined
	switch {
	case line[0] == '{':
		begins = JSON
	case line[0] == '[':
		begins = Envoy
	case format == ALB:
		return 0
	}
	if format == begins {
		return 1
	}
	return -1
}

func (d *Decoder) attempt(i int, line []byte, r *downpour.Request) reason {
	*r = downpour.Request{Service: d.service}
	d.entry = entry{Request: r}
	if why := d.formats[i].read(d, line, &d.entry); why != fine {
		return why
	}
	return d.place(&d.entry)
}

// place finds the client: the logged one or, if that is a trusted proxy, the one
// that the proxies tell of. A log that names no peer tells of the last one that
// was heard in the list that the server itself completed.
func (d *Decoder) place(e *entry) reason {
	if e.local {
		e.Client = downpour.AddressFrom4(127<<24 | 1)
	}
	d.look(e)
	if e.forwarded == nil {
		if e.Client == (downpour.Address{}) {
			return noClient
		}
		return fine
	}
	if e.Client == (downpour.Address{}) {
		last := lastIndexByte(e.forwarded, ',')
		peer, ok := parseAddress(trimSpace(e.forwarded[last+1:]))
		if !ok {
			return noClient
		}
		e.Client, e.forwarded = peer, e.forwarded[:max(last, 0)]
	}
	if len(d.proxies.Trusted) > 0 && len(e.forwarded) > 0 {
		e.Client = downpour.AddressFrom(d.proxies.Behind(e.Client.Netip(), text(e.forwarded)))
	}
	return fine
}

// The watch for proxies needs a share, not a count: after the first lines it is
// shown one of lookEvery.
const (
	lookFirst = 256
	lookEvery = 256
)

func (d *Decoder) look(e *entry) {
	if n := d.account.Lines; (n < lookFirst || n%lookEvery == 0) && e.Client != (downpour.Address{}) {
		d.watch.NoteAddress(e.Client.Netip(), e.forwarded != nil)
	}
}
