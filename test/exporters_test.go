package test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/testenv"
)

// exporterCase is a real exporter that reads a capture, and what it is known to
// make of it.
type exporterCase struct {
	name    string
	version string // as decode prints it
	tools   []testenv.Tool
	// export has it read a capture and send to a port of loopback until it ends.
	export func(t *testing.T, capture, to string)
	// frames says that it counts bytes of frames, of which it leaves the last few
	// out: sFlow agents send when a datagram is full.
	frames bool
	// late says that some of its records seem to come too late to be counted.
	late bool
}

// TestRealExporters has exporters of others read a capture of known totals and
// send to a running server. What they sent adds up to the capture, both as
// decoded from the datagrams and as the server counted it.
func TestRealExporters(t *testing.T) {
	for _, c := range exporterCases() {
		t.Run(c.name, func(t *testing.T) {
			for _, tool := range c.tools {
				testenv.Need(t, tool)
			}
			capture, want := recentCapture(t)
			datagrams := collect(t, func(to string) { c.export(t, capture, to) })
			got := decoded(t, datagrams, c.version)
			if totals := want(c.frames, got.Packets); got.Packets != totals.Packets || got.Bytes != totals.Bytes {
				t.Fatalf("decoded %+v, the capture has %+v", got, totals)
			}
			served(t, datagrams, c.version, c.late, got.Flows)
		})
	}
}

func exporterCases() []exporterCase {
	list := []exporterCase{
		// Its v5 headers are an hour ahead, so that its records seem to come an hour
		// late: those that are not dated anew are told as late.
		{name: "nfreplay 5", version: "5", late: true, tools: []testenv.Tool{testenv.Nfpcapd(), testenv.Nfreplay()}, export: replay("5")},
		{name: "nfreplay 9", version: "9", tools: []testenv.Tool{testenv.Nfpcapd(), testenv.Nfreplay()}, export: replay("9")},
		{name: "pmacct sFlow", version: "sflow5", tools: []testenv.Tool{testenv.Pmacctd()}, frames: true, export: pmacct("sfprobe", "sfprobe_receiver: %s\n")},
	}
	for _, v := range []string{"5", "9", "10"} {
		list = append(list,
			exporterCase{name: "softflowd " + v, version: v, tools: []testenv.Tool{testenv.Softflowd()}, export: softflowd(v)},
			exporterCase{name: "pmacct " + v, version: v, tools: []testenv.Tool{testenv.Pmacctd()}, export: pmacct("nfprobe", "nfprobe_receiver: %s\nnfprobe_version: "+v+"\n")})
	}
	return list
}

func softflowd(version string) func(*testing.T, string, string) {
	return func(t *testing.T, capture, to string) {
		command(t, "softflowd", "-r", capture, "-n", to, "-v", version, "-c", "none", "-p", filepath.Join(t.TempDir(), "pid"), "-d")
	}
}

// replay has nfpcapd make flows, and nfreplay send them.
func replay(version string) func(*testing.T, string, string) {
	return func(t *testing.T, capture, to string) {
		flows := t.TempDir()
		command(t, "nfpcapd", "-r", capture, "-l", flows, "-e", "10,5")
		files, err := filepath.Glob(filepath.Join(flows, "nfcapd.*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("nfpcapd wrote no file: %v", err)
		}
		host, port, _ := net.SplitHostPort(to)
		for _, file := range files {
			command(t, "nfreplay", "-r", file, "-H", host, "-p", port, "-v", version, "-d", "100")
		}
	}
}

// pmacct runs one of pmacctd's probes.
func pmacct(plugin, settings string) func(*testing.T, string, string) {
	return func(t *testing.T, capture, to string) {
		file := filepath.Join(t.TempDir(), "pmacctd.conf")
		write(t, file, fmt.Sprintf("daemonize: false\npcap_savefile: %s\nplugins: %s\nplugin_buffer_size: 65536\nplugin_pipe_size: 67108864\n"+settings, capture, plugin, to))
		command(t, "pmacctd", "-f", file)
	}
}

// command runs a program that must succeed.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// recentCapture is a capture of some seconds that have just passed: exporters
// tell times by the uptime of the machine. Its frames are not padded, since
// softflowd counts padding.
func recentCapture(t *testing.T) (file string, totals func(frames bool, seen uint64) export.Totals) {
	t.Helper()
	const lasts = 20 * time.Second
	var body bytes.Buffer
	r := &traffic.Recipe{
		Seed: 7, Start: time.Now().Add(-lasts - time.Second), Host: netip.MustParseAddr("203.0.113.10"), Link: traffic.VLAN,
		Streams: []traffic.Stream{
			{Kind: "SYN flood", Lasts: lasts, Rate: 50, Sources: 100, Senders: traffic.Botnet, Port: 443},
			{Kind: "UDP flood", Lasts: lasts, Rate: 50, Sources: 5, Senders: traffic.Botnet, Port: 80},
			{Kind: "ICMP flood", Lasts: lasts / 2, Rate: 10, Sources: 5, Senders: traffic.Botnet},
			{Kind: "web server", Lasts: lasts, Rate: 1},
		},
	}
	if err := traffic.Make(r).Write(&body); err != nil {
		t.Fatal(err)
	}
	packets, err := export.ReadPackets(bytes.NewReader(body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "traffic.pcap")
	write(t, file, body.String())
	return file, func(frames bool, seen uint64) (sum export.Totals) {
		const unsent, checksum = 5, 4 // samples that fill no datagram; what ends an Ethernet frame
		if frames && seen <= uint64(len(packets)) && seen+unsent >= uint64(len(packets)) {
			packets = packets[:seen]
		}
		for i := range packets {
			sum.Packets++
			if sum.Bytes += packets[i].Bytes; frames {
				sum.Bytes += uint64(packets[i].FrameLength) + checksum - packets[i].Bytes
			}
		}
		return sum
	}
}

// collect receives what is sent to a port while export runs, and shortly after.
func collect(t *testing.T, send func(to string)) []export.Datagram {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadBuffer(16 << 20)
	received := make(chan []export.Datagram)
	go func() {
		var list []export.Datagram
		buffer := make([]byte, 65536)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				received <- list
				return
			}
			list = append(list, export.Datagram{At: time.Now().UnixNano(), From: from, Message: bytes.Clone(buffer[:n])})
		}
	}()
	send(conn.LocalAddr().String())
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	list := <-received
	if len(list) == 0 {
		t.Fatal("nothing was sent")
	}
	return list
}

// decoded is what `downpour decode` makes of datagrams, all of one version.
func decoded(t *testing.T, datagrams []export.Datagram, version string) export.Totals {
	t.Helper()
	var totals export.Totals
	lines := json.NewDecoder(strings.NewReader(says(t, "decode", "--format", "json", captureOf(t, datagrams))))
	for lines.More() {
		var record struct {
			Version string
			Packets uint64
			Bytes   uint64
		}
		if err := lines.Decode(&record); err != nil {
			t.Fatal(err)
		}
		if record.Version != version {
			t.Fatalf("a record of version %s", record.Version)
		}
		totals.Flows, totals.Packets, totals.Bytes = totals.Flows+1, totals.Packets+record.Packets, totals.Bytes+record.Bytes
	}
	return totals
}

// captureOf writes datagrams as a capture at a collector.
func captureOf(t *testing.T, datagrams []export.Datagram) string {
	t.Helper()
	var body bytes.Buffer
	if err := export.WriteCapture(&body, netip.MustParseAddrPort("127.0.0.1:2055"), datagrams); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "export.pcap")
	write(t, file, body.String())
	return file
}

// says is the standard output of a command that must succeed.
func says(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("downpour %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// served sends datagrams to a running server, which must count as many records
// where they belong, and know of no loss. softflowd's IPFIX alone has sequence
// numbers that skip.
func served(t *testing.T, datagrams []export.Datagram, version string, late bool, records uint64) {
	t.Helper()
	p, to := startCollector(t, version, "")
	send(t, to, "127.0.0.1:0", datagrams)
	eventually(t, 10*time.Second, fmt.Sprintf("%d records are counted", records), func() bool {
		m := p.metrics(t)
		counted := metric(m, "downpour_queue_flows_total")
		if late {
			counted += metric(m, "downpour_exporter_late_total")
		}
		return metric(m, "downpour_exporter_records_total") == records && counted == records
	})
	if m := p.metrics(t); metric(m, "downpour_exporter_lost_records_total")+metric(m, "downpour_exporter_lost_datagrams_total") != 0 && version != "10" {
		t.Error("losses are told where there were none")
	}
}
