package weblog

import "bytes"

// unwrap takes a container runtime's wrapping off a line, if it has one. more is
// true if the rest of the line is still to come.
func (d *Decoder) unwrap(line []byte) (inner []byte, more bool) {
	if hasPrefix(line, dockerHead) {
		if content, stream, ok := dockerLine(line); ok {
			n := len(content)
			whole := n > 0 && content[n-1] == '\n'
			if whole {
				content = content[:n-1]
			}
			return d.join(content, stream, whole)
		}
		return line, false
	}
	if content, stream, whole, ok := criLine(line); ok {
		return d.join(content, stream, whole)
	}
	return line, false
}

// dockerHead is how Docker's json-file driver begins each line.
const dockerHead = `{"log":"`

// dockerLine reads {"log":"…","stream":"stdout",…}. The content is unescaped in
// place.
func dockerLine(line []byte) (content []byte, stream int, ok bool) {
	b := line[len(dockerHead):]
	end := jsonQuote(b)
	if end < 0 {
		return nil, 0, false
	}
	content, rest := b[:end], b[end:]
	if bytes.IndexByte(content, '\\') >= 0 {
		content = unescape(content)
	}
	if index(rest, `"stream":"stderr"`) >= 0 {
		stream = 1
	}
	return content, stream, true
}

// criStamp is the shortest time that a CRI runtime writes before "stdout": with
// whole seconds and Z.
const criStamp = len("2006-01-02T15:04:05Z")

// criLine reads "time stream F|P content" (Kubernetes, CRI logging format).
func criLine(line []byte) (content []byte, stream int, whole, ok bool) {
	if len(line) < criStamp+10 || line[4] != '-' || line[10] != 'T' {
		return nil, 0, false, false
	}
	_, rest := nextWord(line)
	switch {
	case hasPrefix(rest, "stdout "):
	case hasPrefix(rest, "stderr "):
		stream = 1
	default:
		return nil, 0, false, false
	}
	rest = rest[len("stdout "):]
	if len(rest) < 2 || rest[0] != 'F' && rest[0] != 'P' || rest[1] != ' ' && rest[1] != ':' {
		return nil, 0, false, false
	}
	whole = rest[0] == 'F'
	if rest[1] == ':' { // further tags
		_, rest = nextWord(rest)
		return rest, stream, whole, true
	}
	return rest[2:], stream, whole, true
}

// join puts the parts of a line together, which Docker and CRI runtimes cut at
// 16 KiB, each stream's apart. What is longer than a line may be is cut.
func (d *Decoder) join(content []byte, stream int, whole bool) (line []byte, more bool) {
	part := &d.parts[stream]
	if whole && len(*part) == 0 {
		return content, false
	}
	room := MaxLine - len(*part)
	if len(content) > room {
		content, d.cut = content[:room], true
	}
	*part = append(*part, content...)
	if !whole {
		return nil, true
	}
	line = *part
	*part = nil // the line's memory may still be pointed to: the next takes its own
	return line, false
}
