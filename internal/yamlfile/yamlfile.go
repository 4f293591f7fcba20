// Package yamlfile refuses YAML that no person writes, before a parser sees it.
// The parser that we use takes time quadratic in the depth of nesting and in the
// length of a line; a file of 40 KB can keep it busy for seconds.
package yamlfile

import (
	"bytes"
	"fmt"
)

// The bounds: a thousand services, or ten thousand prefixes a line each, fit.
const (
	MaxBytes = 256 << 10
	maxLine  = 8 << 10
	maxDepth = 64
)

// Fault is why a file is refused, and where: Line counts from 1; 0 is the whole.
type Fault struct {
	Line       int
	Says, Mend string
}

// String is the fault behind the file's name: ":3: ..." or ": ...".
func (f *Fault) String() string {
	if f.Line == 0 {
		return fmt.Sprintf(": %s; %s", f.Says, f.Mend)
	}
	return fmt.Sprintf(":%d: %s; %s", f.Line, f.Says, f.Mend)
}

// Check returns what is wrong with a file's shape; nil if a parser may have it.
func Check(data []byte) *Fault {
	if len(data) > MaxBytes {
		return &Fault{0, fmt.Sprintf("is longer than %d KB", MaxBytes>>10), "is this the file you mean?"}
	}
	depth, n := 0, 0
	for line := range bytes.Lines(data) {
		n++
		if len(line) > maxLine {
			return &Fault{n, fmt.Sprintf("has a line of %d bytes", len(line)), "write a list one entry a line"}
		}
		// Brackets in quotes and comments count too; nobody writes so many.
		for _, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxDepth {
				return &Fault{n, fmt.Sprintf("is nested more than %d deep", maxDepth), "close what is opened"}
			}
		}
	}
	return nil
}
