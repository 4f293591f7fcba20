package weblog

import "bytes"

// maxDepth bounds how deep objects are followed; those below are skipped.
const maxDepth = 8

// jsonLine reads one JSON object (RFC 8259), following only the names that are
// known: the rest is skipped without being checked. An own scanner, since the
// standard library takes five times as long and memory (BenchmarkStandardJSON).
func (d *Decoder) jsonLine(line []byte, e *entry) reason {
	if len(line) == 0 || line[0] != '{' {
		return unknownFormat
	}
	d.ranks = [fieldCount]uint8{}
	rest, ok := d.object(line[1:], d.keys, e, 0)
	if !ok {
		if d.cut {
			return e.finish()
		}
		return notJSON
	}
	if len(skipBlank(rest)) > 0 {
		return notJSON
	}
	return e.finish()
}

// object reads from behind an opening brace to behind the closing one.
func (d *Decoder) object(b []byte, names *keys, e *entry, depth int) (rest []byte, ok bool) {
	b = skipBlank(b)
	if len(b) > 0 && b[0] == '}' {
		return b[1:], true
	}
	for {
		if len(b) == 0 || b[0] != '"' {
			return nil, false
		}
		end := jsonQuote(b[1:])
		if end < 0 {
			return nil, false
		}
		name := b[1 : 1+end]
		b = skipBlank(b[end+2:])
		if len(b) == 0 || b[0] != ':' {
			return nil, false
		}
		if b, ok = d.value(skipBlank(b[1:]), names.find(name), e, depth); !ok {
			return nil, false
		}
		b = skipBlank(b)
		if len(b) == 0 {
			return nil, false
		}
		switch b[0] {
		case ',':
			b = skipBlank(b[1:])
		case '}':
			return b[1:], true
		default:
			return nil, false
		}
	}
}

// value reads a value for the name that it belongs to; nil if that tells nothing.
// Of an array the first element counts, as headers are logged.
func (d *Decoder) value(b []byte, k *key, e *entry, depth int) (rest []byte, ok bool) {
	if k == nil {
		return skipValue(b)
	}
	if len(b) > 0 && b[0] == '[' {
		if rest, ok = skipValue(b); !ok { // before a string in it is unescaped in place
			return nil, false
		}
		if first := skipBlank(b[1:]); len(first) > 0 && first[0] != '{' && first[0] != '[' && first[0] != ']' {
			_, ok = d.scalar(first, k, e)
		}
		return rest, ok
	}
	if len(b) > 0 && b[0] == '{' {
		if k.below == nil || depth == maxDepth {
			return skipValue(b)
		}
		return d.object(b[1:], k.below, e, depth+1)
	}
	return d.scalar(b, k, e)
}

// scalar reads a string, whose escapes it resolves in place, a number or a word.
func (d *Decoder) scalar(b []byte, k *key, e *entry) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	if b[0] != '"' {
		n := bareLength(b)
		if n == 0 {
			return nil, false
		}
		if b[0] != 'n' && b[0] != 't' && b[0] != 'f' {
			d.take(e, k, b[:n])
		}
		return b[n:], true
	}
	end := jsonQuote(b[1:])
	if end < 0 {
		return nil, false
	}
	content := b[1 : 1+end]
	if bytes.IndexByte(content, '\\') >= 0 {
		content = unescape(content)
	}
	d.take(e, k, content)
	return b[end+2:], true
}

// take sets a field unless a name of a better rank has told it.
func (d *Decoder) take(e *entry, k *key, v []byte) {
	if k.field == noField {
		return
	}
	if have := d.ranks[k.field]; have != 0 && have <= k.rank+1 {
		return
	}
	if len(v) == 0 || len(v) == 1 && v[0] == '-' {
		return
	}
	d.ranks[k.field] = k.rank + 1
	d.set(e, k.field, k.unit, v)
}

// jsonQuote finds the quote that ends a string; -1 if there is none.
func jsonQuote(b []byte) int {
	end := bytes.IndexByte(b, '"')
	if end < 0 || bytes.IndexByte(b[:end], '\\') < 0 {
		return end
	}
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// skipValue returns what follows a value, going by quotes and brackets only.
func skipValue(b []byte) (rest []byte, ok bool) {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			end := jsonQuote(b[i+1:])
			if end < 0 {
				return nil, false
			}
			i += end + 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return nil, false
			}
		case ' ', '\t', ',', ':':
			continue
		default:
			n := bareLength(b[i:])
			if n == 0 {
				return nil, false
			}
			i += n - 1
		}
		if depth == 0 {
			return b[i+1:], true
		}
	}
	return nil, false
}

// bareLength is that of a number or a word.
func bareLength(b []byte) int {
	for i, c := range b {
		switch c {
		case ',', '}', ']', ' ', '\t', '"', ':', '{', '[':
			return i
		}
	}
	return len(b)
}

// skipBlank passes white space (RFC 8259, 2).
func skipBlank(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}
