package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	golden "downpour/internal/golden/export"
	"downpour/internal/observe/flow"
)

// exportCapture is a script's command that meters a capture of packets and writes
// what an exporter tells of it:
//
//	exported 5|9|10|sflow5 from.pcap to.pcap[.gz|.zst]   a capture of its datagrams
//	exported 9 from.pcap folder/                         their payloads: r_tpl, r_data1, r_data2...
//
// Packets come in at interface 2, called transit-a where names can be told.
func exportCapture(ts *testscript.TestScript, neg bool, args []string) {
	versions := map[string]flow.Version{"5": flow.NetFlow5, "9": flow.NetFlow9, "10": flow.IPFIX, "sflow5": flow.SFlow5}
	if neg || len(args) != 3 || versions[args[0]] == 0 {
		ts.Fatalf("usage: exported version from.pcap to")
	}
	packets, err := golden.ReadPackets(bytes.NewReader([]byte(ts.ReadFile(args[1]))))
	ts.Check(err)
	for i := range packets { // of a raw IP capture; what sFlow samples are Ethernet's frames
		packets[i].Frame = append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, packets[i].Frame...)
		packets[i].FrameLength += 14
	}
	e := golden.NewEncoder(golden.Settings{
		Version: versions[args[0]], Boot: captureDay.Add(-time.Hour).UnixNano(),
		Interfaces: []golden.Interface{{Number: 2, Name: "transit-a"}},
	})
	meter := &golden.Meter{Active: 2 * time.Second, Inactive: time.Second, Place: place}
	flows := meter.Flows
	if args[0] == "sflow5" {
		flows = meter.Samples
	}
	writeExported(ts, args[2], e.Batches(flows(packets), time.Second))
}

// place says by which interfaces a packet went: who serves is behind the seventh.
func place(p *golden.Packet) (input, output uint32, direction flow.Direction) {
	if p.Source == netip.AddrFrom4(victim) {
		return 7, 2, flow.Untold
	}
	return 2, 7, flow.Untold
}

func writeExported(ts *testscript.TestScript, to string, datagrams []golden.Datagram) {
	if to[len(to)-1] == '/' {
		for i, m := range golden.Messages(datagrams) {
			name := "r_data" + strconv.Itoa(i)
			if i == 0 {
				name = "r_tpl"
			}
			ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(to), name), m, 0o644))
		}
		return
	}
	var file bytes.Buffer
	ts.Check(golden.WriteCapture(&file, netip.MustParseAddrPort("192.0.2.250:9996"), datagrams))
	ts.Check(os.WriteFile(ts.MkAbs(to), compressed(ts, to, file.Bytes()), 0o644))
}
