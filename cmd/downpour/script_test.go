package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"downpour/internal/show/document"
)

// exits runs a command, and fails unless it exits with the code that is given
// first: exits 2 downpour --nonsense.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s exits %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// oneLine fails unless a file (or stderr) is one line that says who speaks, in
// lower case and without a full stop.
func oneLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: one-line file")
	}
	said := ts.ReadFile(args[0])
	line, ended := strings.CutSuffix(said, "\n")
	rest, named := strings.CutPrefix(line, "downpour: ")
	if !ended || !named || strings.Contains(line, "\n") || strings.HasSuffix(line, ".") || rest == "" {
		ts.Fatalf("not one clear line: %q", said)
	}
}

// valid holds a file (or stdout) against the schema of the outward document.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: valid file")
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(document.Schema))
	ts.Check(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	ts.Check(c.AddResource("analysis.schema.json", schema))
	compiled, err := c.Compile("analysis.schema.json")
	ts.Check(err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(compiled.Validate(doc))
}

// cut keeps the beginning of a file: cut file bytes.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut file bytes")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}
