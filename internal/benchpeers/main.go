//go:build linux

// Command benchpeers compares what it costs to receive flow export: it makes the
// same datagrams from a seed, sends them over loopback to one program after
// another (a loop that receives and discards, Downpour, and the collectors that
// are installed here), and prints the CPU time that each took, its memory, and
// up to which rate it lost nothing.
//
//	go run ./internal/benchpeers                         # a table on the terminal
//	go run ./internal/benchpeers -write docs/performance.md
//	go run ./internal/benchpeers -quick                  # does it add up? some seconds
//
// Peers that are not installed are left out, and the table says so. As root it
// raises net.core.rmem_max for all of them alike, and puts it back.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchpeers:", err)
		os.Exit(1)
	}
}

// run is the command, or one of the two that it starts itself: the generator and
// the loop that discards are processes of their own, so that each one's CPU time
// is its own.
func run(ctx context.Context, args []string, in io.Reader, out, log io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "send":
			return send(ctx, args[1:], in, out)
		case "discard":
			return discard(ctx, args[1:], out)
		}
	}
	o, err := parse(args, log)
	if err != nil {
		return err
	}
	return compare(ctx, o, out, log)
}
