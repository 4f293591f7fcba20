package weblog

import (
	"errors"
	"fmt"
	"strings"
)

// pattern reads lines of text by a description like nginx's log_format: names
// behind a dollar sign with the text between them.
type pattern struct {
	head  string // what a line begins with
	parts []part
}

// part is a variable and the text that ends it; "" at the end of the line.
type part struct {
	key
	until string
}

// envoyPatterns are the default of Envoy's access log ("Access logging", format
// strings) and of Istio's, which names the peer.
func envoyPatterns() []string {
	return []string{
		`[$time] "$request" $status $flags $received $bytes $duration_ms $upstream_time "$forwarded" "$agent" "$id" "$host" "$upstream"`,
		`[$time] "$request" $status $flags $details $termination "$failure" $received $bytes $duration_ms $upstream_time ` +
			`"$forwarded" "$agent" "$id" "$host" "$upstream" $cluster $from $to $client $sni`,
	}
}

// newPattern reads a description. Variables are called as fields are configured
// ($client, $time) or as in logs ($remote_addr); others are passed over.
func newPattern(description string, names *keys) (*pattern, error) {
	head, rest, found := strings.Cut(description, "$")
	if !found {
		return nil, errors.New("pattern names no variable, as $client")
	}
	p := &pattern{head: head}
	var has [fieldCount]bool
	for found {
		var name string
		if name, rest = variable(rest); name == "" {
			return nil, fmt.Errorf("pattern has a dollar sign without a name before %.20q", rest)
		}
		at := part{key: variableKey(name, names)}
		if at.until, rest, found = strings.Cut(rest, "$"); found && at.until == "" {
			return nil, fmt.Errorf("pattern has nothing between $%s and the variable after it", name)
		}
		has[at.field] = true
		p.parts = append(p.parts, at)
	}
	switch {
	case !has[fieldClient] && !has[fieldForwarded]:
		return nil, errors.New("pattern names no client, as $client")
	case !has[fieldTime]:
		return nil, errors.New("pattern names no time, as $time")
	case !has[fieldRequest] && !has[fieldTarget] && !has[fieldMethod] && !has[fieldStatus]:
		return nil, errors.New("pattern names nothing of the request, as $request or $status")
	}
	return p, nil
}

// variable splits a name, with or without braces, from what follows it.
func variable(s string) (name, rest string) {
	if strings.HasPrefix(s, "{") {
		if i := strings.IndexByte(s, '}'); i > 0 {
			return s[1:i], s[i+1:]
		}
		return "", s
	}
	n := 0
	for n < len(s) && (s[n] == '_' || isDigit(s[n]) || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
	}
	return s[:n], s[n:]
}

func variableKey(name string, names *keys) key {
	if k, ok := configurable()[name]; ok {
		return k
	}
	if k := names.find([]byte(name)); k != nil {
		return *k
	}
	return key{}
}

// read matches a line from left to right: a variable ends where the text after it
// is found first, one in quotes where its quote is closed.
func (p *pattern) read(d *Decoder, line []byte, e *entry) reason {
	if !hasPrefix(line, p.head) {
		return unknownFormat
	}
	rest := line[len(p.head):]
	for i := range p.parts {
		at := &p.parts[i]
		end, escaped := at.end(rest)
		if end < 0 {
			return cutShort
		}
		v := rest[:end]
		rest = rest[min(end+len(at.until), len(rest)):]
		if at.field == noField {
			continue
		}
		if escaped {
			v = unescape(v)
		}
		d.set(e, at.field, at.unit, v)
	}
	return e.finish()
}

// end finds where a variable's content ends; -1 if its end is not there.
func (p *part) end(b []byte) (end int, escaped bool) {
	switch {
	case p.until == "":
		return len(b), false
	case p.until[0] == '"':
		end, escaped = closingQuote(b)
		if end < 0 || !hasPrefix(b[end:], p.until) {
			return -1, false
		}
		return end, escaped
	}
	return index(b, p.until), false
}
