// Command summary reads what "go test -json" prints, shows one line a package
// and the output of what failed, and closes with the counts. It exits 1 if a
// test failed, if one was skipped (in CI nothing may be lacking) or if none ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of "go test -json" (see "go doc test2json").
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build
	Test       string
	Output     string
	Elapsed    float64
}

type counts struct{ packages, broken, passed, failed, skipped int }

func main() {
	c, err := summarise(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
	fmt.Printf("%d packages passed, %d failed; %d tests passed, %d failed, %d skipped\n",
		c.packages, c.broken, c.passed, c.failed, c.skipped)
	if c.broken+c.failed+c.skipped > 0 || c.passed == 0 {
		os.Exit(1)
	}
}

func summarise(in io.Reader, out io.Writer) (counts, error) {
	var c counts
	output := map[string]*strings.Builder{} // of what still runs, by package and test
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(out, lines.Text()) // not of the test runner: an error before it
			continue
		}
		key := e.Package + e.ImportPath + " " + e.Test
		if e.Action == "output" || e.Action == "build-output" {
			if output[key] == nil {
				output[key] = &strings.Builder{}
			}
			output[key].WriteString(e.Output)
			continue
		}
		c.take(e, output[key], out)
		if e.Action != "run" && e.Action != "start" && e.Action != "pause" && e.Action != "cont" {
			delete(output, key)
		}
	}
	return c, lines.Err()
}

// take counts an event that ends something, and prints what is worth reading.
func (c *counts) take(e event, said *strings.Builder, out io.Writer) {
	text := ""
	if said != nil {
		text = said.String()
	}
	switch {
	case e.Action == "fail" || e.Action == "build-fail":
		if e.Test != "" {
			c.failed++
		} else if e.Action == "fail" { // what did not build fails as a package too
			c.broken++
		}
		fmt.Fprintf(out, "FAIL %s%s %s (%.1f s)\n%s", e.Package, e.ImportPath, e.Test, e.Elapsed, text)
	case e.Test == "" && e.Action == "pass":
		c.packages++
		fmt.Fprintf(out, "ok   %s (%.1f s)\n", e.Package, e.Elapsed)
	case e.Test != "" && e.Action == "pass":
		c.passed++
	case e.Test != "" && e.Action == "skip":
		c.skipped++
		fmt.Fprintf(out, "SKIP %s %s\n%s", e.Package, e.Test, text)
	}
}
