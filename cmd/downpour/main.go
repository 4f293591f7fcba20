// Command downpour tells whether a service is down, whether it is under attack,
// where that comes from and how sure it is. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"downpour/internal/app"
)

// Exit codes, as other people's scripts rely on them.
const (
	exitDone        = 0
	exitInput       = 1   // the input or the configuration is wrong
	exitUsage       = 2   // the command line is wrong
	exitSystem      = 3   // the system failed
	exitInterrupted = 130 // by a signal, as shells say it
	exitAttack      = 10  // --exit-code and an attack was found
)

// cli is the command line: one field a command, its flags beside its code.
type cli struct {
	Demo    demoCommand    `cmd:"" help:"Play the founding case in compressed time and serve its pages."`
	Serve   serveCommand   `cmd:"" help:"Watch services: take reports, find outages, serve pages."`
	Analyze analyzeCommand `cmd:"" help:"Say what captures, flow export and counts of reports show."`
	Decode  decodeCommand  `cmd:"" help:"Print the flow records in captures of flow export, raw payloads and CSV of nfdump."`
	Check   checkCommand   `cmd:"" help:"Say everything that is wrong with a configuration."`
	Import  importCommand  `cmd:"" help:"Write another tool's configuration as Downpour's."`
	Store   storeCommand   `cmd:"" help:"Check, back up and restore the embedded store."`
	Eval    evalCommand    `cmd:"" help:"Run all golden cases and print the quality table."`
	Version versionCommand `cmd:"" help:"Print version, commit, Go and databases."`
}

// streams are the process's own input and outputs.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program but for the process: tests call it too.
func run(ctx context.Context, args []string, io streams) int {
	var c cli
	code := -1
	parser, err := kong.New(&c,
		kong.Name("downpour"),
		kong.Description("Is it down, is it an attack, where does it come from and how sure are we?"),
		kong.Writers(io.out, io.err),
		kong.Exit(func(n int) { code = n }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(io.err, "downpour:", err)
		return exitSystem
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if code >= 0 { // --help was asked for and answered
		return code
	}
	if err != nil {
		fmt.Fprintf(io.err, "downpour: %v (see downpour --help)\n", err)
		return exitUsage
	}
	return exitCode(io.err, command.Run())
}

// inputError is a fault of what the user gave: exit code 1.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// wrong marks an error as the input's or configuration's fault.
func wrong(err error) error {
	if err == nil {
		return nil
	}
	return inputError{err}
}

// usageError is a fault of the command line that the parser can't see: exit
// code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// misused makes the error of a command line that can't be meant.
func misused(format string, args ...any) error {
	return usageError{fmt.Errorf(format+" (see downpour --help)", args...)}
}

// errAttack ends analyze --exit-code after an attack was found.
var errAttack = errors.New("an attack was found")

// exitCode is the one place that maps errors to what the shell sees.
func exitCode(stderr io.Writer, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errAttack):
		return exitAttack
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "downpour: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "downpour:", err)
	var usage usageError
	var input inputError
	var start *app.StartError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &input), errors.As(err, &start):
		return exitInput
	}
	return exitSystem
}
