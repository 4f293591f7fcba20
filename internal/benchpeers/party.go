//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"syscall"
	"time"

	"downpour/internal/observe/flow"
)

// party is a program that receives flow export.
type party struct {
	name string
	// says is what it does with a record, for the table.
	says string
	// speaks tells whether it knows a protocol.
	speaks func(flow.Version) bool
	// program is what must be installed; "" if we bring it.
	program string
	// stores says that it keeps or passes on records, whosever they are: the
	// number of sources then hardly matters.
	stores bool
	start  func(ctx context.Context, p *place) (*receiver, error)
}

// place is where a party runs: a folder of its own, the protocol, and addresses.
type place struct {
	folder   string
	version  flow.Version
	listen   netip.AddrPort // for telemetry
	other    netip.AddrPort // for its HTTP, if it has one
	downpour string         // our binary
	goflow2  string
}

// receiver is a party that runs.
type receiver struct {
	process *process
	to      netip.AddrPort
	// counted says how many records it has counted; it may end the program for
	// that. reported is what it says that it lost itself, if it can say so.
	counted func() (counted, reported uint64, err error)
	// datagrams says that counted counts those instead of records.
	datagrams bool
	// by is how the count was read.
	by string
}

func anyVersion(flow.Version) bool { return true }
func notSFlow(v flow.Version) bool { return v != flow.SFlow5 }
func (p *party) installed() bool   { return p.program == "" || found(p.program) }
func found(program string) bool    { _, err := exec.LookPath(program); return err == nil }
func (r *receiver) family() []int  { return family(r.process.cmd.Process.Pid) }
func (r *receiver) stop()          { r.process.end(syscall.SIGTERM) }
func isSFlow(v flow.Version) bool  { return v == flow.SFlow5 }
func port(a netip.AddrPort) string { return fmt.Sprint(a.Port()) }
func scheme(v flow.Version) string { return map[bool]string{false: "udp", true: "sflow"}[isSFlow(v)] }
func onLoopback(p int) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(p))
}

// parties are all, in the order of the table.
func parties() []party {
	return []party{
		{"recvmmsg, discard", "nothing: the floor", anyVersion, "", false, startDiscard},
		{"Downpour", "decodes, counts and judges each target each second", anyVersion, "", false, startDownpour},
		{"FastNetMon, tracking off", "decodes, counts each target", anyVersion, "fastnetmon", false, fastNetMon(false)},
		{"FastNetMon", "its defaults: follows flows too", anyVersion, "fastnetmon", false, fastNetMon(true)},
		{"nfcapd", "decodes, stores each record", notSFlow, "nfcapd", true, startNfcapd},
		{"pmacct", "decodes, counts each target in one aggregate", anyVersion, "nfacctd", true, startPmacct},
		{"goflow2", "decodes, writes protobuf to /dev/null", anyVersion, "", true, startGoflow2},
	}
}

// freePort is a UDP or TCP port that nobody has at the moment.
func freePort(ctx context.Context, network string) (netip.AddrPort, error) {
	var config net.ListenConfig
	if network == "udp" {
		c, err := config.ListenPacket(ctx, "udp4", "127.0.0.1:0")
		if err != nil {
			return netip.AddrPort{}, err
		}
		defer func() { _ = c.Close() }()
		return onLoopback(c.LocalAddr().(*net.UDPAddr).Port), nil
	}
	l, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer l.Close()
	return onLoopback(l.Addr().(*net.TCPAddr).Port), nil
}

// eventually waits until something is so.
func eventually(ctx context.Context, what string, so func() bool) error {
	const patience, step = 20 * time.Second, 50 * time.Millisecond
	for begun := time.Now(); time.Since(begun) < patience && ctx.Err() == nil; time.Sleep(step) {
		if so() {
			return nil
		}
	}
	return fmt.Errorf("waited in vain until %s", what)
}
