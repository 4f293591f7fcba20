package main

import (
	"context"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"downpour"
	"downpour/internal/store/embedded"
)

// keep makes a store that holds so many reports: keep folder reports.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	n := storeArgs(ts, neg, args)
	s, err := embedded.Open(ts.MkAbs(args[0]), embedded.Options{})
	ts.Check(err)
	for i := range n {
		ts.Check(s.AddReport(context.Background(), downpour.Report{
			Time: captureDay.Add(time.Duration(i) * time.Second), Service: "example", Symptom: "login",
			Text: strings.Repeat("it does not load; ", 40), Counted: true,
		}))
	}
	ts.Check(s.Close())
}

// kept fails unless a store holds so many reports: kept folder reports.
func kept(ts *testscript.TestScript, neg bool, args []string) {
	n := storeArgs(ts, neg, args)
	s, err := embedded.Open(ts.MkAbs(args[0]), embedded.Options{})
	ts.Check(err)
	defer s.Close()
	received, _, err := s.ReportTotals(context.Background(), "example")
	ts.Check(err)
	if received != uint64(n) {
		ts.Fatalf("%s holds %d reports, want %d", args[0], received, n)
	}
}

func storeArgs(ts *testscript.TestScript, neg bool, args []string) (n int) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep|kept folder reports")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	return n
}

// overwrite damages a file from an offset on: overwrite file offset.
func overwrite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: overwrite file offset")
	}
	at, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	defer f.Close()
	_, err = f.WriteAt([]byte(strings.Repeat("damage! ", 2048)), at)
	ts.Check(err)
}

// history makes a store that knows of an evening's game and of a flood: history folder.
func history(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: history folder")
	}
	s, err := embedded.Open(ts.MkAbs(args[0]), embedded.Options{})
	ts.Check(err)
	minute := func(at time.Duration, target, class string, bits float64, attacked bool) downpour.TrafficMinute {
		return downpour.TrafficMinute{
			Time: captureDay.Add(at), Target: netip.MustParsePrefix(target), Class: class, Attacked: attacked,
			Peak: downpour.TrafficRate{Packets: bits / 8000, Bits: bits},
		}
	}
	var all []downpour.TrafficMinute
	for i := range 5 {
		at := time.Duration(i) * time.Hour
		all = append(all, minute(at, "198.51.100.7/32", "udp", 300e6+float64(i)*50e6, false))
		if i == 2 {
			all = append(all, minute(at, "198.51.100.9/32", "amplification", 3.1e9, true), minute(at, "198.51.100.0/24", "syn", 1e6, false))
		}
	}
	ts.Check(s.PutTraffic(context.Background(), all))
	ts.Check(s.Close())
}
