package weblog

import "downpour"

// combined reads the common and the combined log format (Apache's mod_log_config,
// nginx's ngx_http_log_module), with a host before the client (vhost_combined),
// and with what many append: the request's time, X-Forwarded-For, name=value
// pairs, and Traefik's router, server and milliseconds. Of
//
//	[host[:port]] client ident user [time] "request" status bytes ["referer" "agent"] …
//
// what stands before the bracket may hold spaces in the user's name.
func (d *Decoder) combined(line []byte, e *entry) reason {
	open := index(line, " [")
	if open <= 0 {
		return unknownFormat
	}
	head, rest := line[:open], line[open+2:]
	if len(rest) < clfLength+3 {
		return cutShort
	}
	end := clfLength
	if rest[end] != ']' {
		if end = indexByte(rest, ']'); end < 0 {
			return cutShort
		}
	}
	t, ok := d.clock.parse(rest[:end])
	if !ok {
		return noTime
	}
	e.Time = t
	if r := d.who(head, e); r != fine {
		return r
	}
	if rest = rest[end+1:]; len(rest) < 2 || rest[0] != ' ' || rest[1] != '"' {
		return unknownFormat
	}
	request, rest, ok := quoted(rest[2:])
	if !ok {
		return cutShort
	}
	d.set(e, fieldRequest, 0, request)
	return d.answer(rest, e)
}

// who reads the client, and the host where the log has one before it.
func (d *Decoder) who(head []byte, e *entry) reason {
	first, rest := nextWord(head)
	if len(rest) > 0 && rest[0] != '-' { // an ident is never logged, a host behind vhost_combined's begins so
		if second, _ := nextWord(rest); d.isClient(second, e) {
			d.set(e, fieldHost, 0, first)
			return fine
		}
	}
	if !d.isClient(first, e) {
		return noClient
	}
	return fine
}

// isClient takes a word as the client if it can be one.
func (d *Decoder) isClient(word []byte, e *entry) bool {
	setClient(e, word)
	return e.Client != downpour.Address{} || e.local
}

// answer reads what stands behind the request line: status, bytes, and quoted and
// bare fields in the order that people append them in.
func (d *Decoder) answer(rest []byte, e *entry) reason {
	word, rest := nextWord(skipSpace(rest))
	d.set(e, fieldStatus, 0, word)
	if e.Status == 0 && string(word) != "-" {
		return cutShort
	}
	word, rest = nextWord(rest)
	d.set(e, fieldBytes, 0, word)
	for quotes := 0; len(rest) > 0; {
		if rest[0] == '"' {
			content, after, ok := quoted(rest[1:])
			if !ok {
				if d.cut {
					return fine
				}
				return cutShort
			}
			d.quotedField(quotes, content, e)
			quotes++
			rest = skipSpace(after)
			continue
		}
		word, rest = d.bareWord(rest)
		d.bareField(word, e)
	}
	return fine
}

// quotedField takes the n-th quoted field behind the bytes.
func (d *Decoder) quotedField(n int, v []byte, e *entry) {
	switch {
	case n == 0:
		d.set(e, fieldReferer, 0, v)
		if e.Referred == downpour.NotVisible {
			e.Referred = downpour.No
		}
	case n == 1:
		d.set(e, fieldAgent, 0, v)
	case e.forwarded == nil && isAddressList(v):
		e.forwarded = v
	}
}

// isAddressList tells whether a field can be an X-Forwarded-For: its last entry
// is an address.
func isAddressList(v []byte) bool {
	_, ok := parseAddress(trimSpace(v[lastIndexByte(v, ',')+1:]))
	return ok
}

// bareWord is nextWord, save that a value in quotes belongs to its name.
func (d *Decoder) bareWord(b []byte) (word, rest []byte) {
	word, rest = nextWord(b)
	if i := indexByte(word, '='); i >= 0 && i+1 < len(word) && word[i+1] == '"' {
		if end, _ := closingQuote(b[i+2:]); end >= 0 {
			return b[:i+2+end], skipSpace(b[i+3+end:])
		}
	}
	return word, rest
}

// bareField takes a field without quotes behind the bytes: a number with a point
// is the request's time in seconds (the first, since upstreams' times follow it),
// one with "ms" in milliseconds, and name=value is what its name says.
func (d *Decoder) bareField(v []byte, e *entry) {
	if i := indexByte(v, '='); i > 0 {
		value := v[i+1:]
		if len(value) > 0 && value[0] == '"' {
			value = value[1:]
		}
		if k := d.keys.find(v[:i]); k != nil && k.field != noField && k.field != fieldClient && k.field != fieldTime {
			d.set(e, k.field, k.unit, value)
		}
		return
	}
	if e.Duration != 0 || len(v) == 0 || !isDigit(v[0]) {
		return
	}
	if n := len(v); n > 2 && v[n-2] == 'm' && v[n-1] == 's' {
		d.set(e, fieldDuration, milliseconds, v[:n-2])
	} else if indexByte(v, '.') > 0 {
		d.set(e, fieldDuration, seconds, v)
	}
}

// Units of durations, in microseconds.
const (
	seconds      = 1e6
	milliseconds = 1e3
	nanoseconds  = 1e-3
)

// nextWord splits at the first space; rest begins behind the spaces.
func nextWord(b []byte) (word, rest []byte) {
	i := indexByte(b, ' ')
	if i < 0 {
		return b, nil
	}
	return b[:i], skipSpace(b[i:])
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

func trimSpace(b []byte) []byte {
	b = skipSpace(b)
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
