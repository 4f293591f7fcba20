package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	File string
	// Line and Column count from 1, columns in characters. Both are 0 for a
	// fault of the file as a whole.
	Line, Column int
	// Key is the path of the key concerned ("http.listen", "services[1].name");
	// empty where no key is.
	Key string
	// Says is what is wrong, Mend what would put it right (empty if nobody can
	// know).
	Says, Mend string
	// Source is the line as it stands in the file.
	Source string
}

// Error gives the fault in one line: file:line:column: key: what; mend.
func (f Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", f.Line, f.Column)
	}
	if f.Key != "" {
		b.WriteString(": " + f.Key)
	}
	b.WriteString(": " + f.Says)
	if f.Mend != "" {
		b.WriteString("; " + f.Mend)
	}
	return b.String()
}

// excerptWidth is the longest line that is shown under a fault; a longer one
// would wrap in a terminal and the caret would point nowhere.
const excerptWidth = 110

// Excerpt shows the source line with a caret under the fault's column, or
// nothing where there is no line to show.
func (f Fault) Excerpt() string {
	if f.Line == 0 || f.Source == "" || utf8.RuneCountInString(f.Source) > excerptWidth {
		return ""
	}
	number := fmt.Sprintf("%5d", f.Line)
	var pad strings.Builder
	for i, c := range []rune(f.Source) {
		if i == f.Column-1 {
			break
		}
		if c != '\t' { // a tab stays one, so that the caret stands below its character
			c = ' '
		}
		pad.WriteRune(c)
	}
	return fmt.Sprintf("%s | %s\n%s | %s^\n", number, printable(f.Source), strings.Repeat(" ", len(number)), pad.String())
}

// printable keeps a file from writing control characters to a terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\t' || unicode.IsPrint(c) {
			return c
		}
		return utf8.RuneError
	}, s)
}

// String gives the fault with its excerpt, as a terminal shows it.
func (f Fault) String() string {
	return strings.TrimSuffix(f.Error()+"\n"+f.Excerpt(), "\n")
}

// wrong is what a parser says of a value: a fault without its place.
type wrong struct{ says, mend string }

func (w wrong) Error() string {
	if w.mend == "" {
		return w.says
	}
	return w.says + "; " + w.mend
}
