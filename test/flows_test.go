package test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"downpour/internal/golden/export"
)

// startCollector runs a server that takes flow export of a version on a free
// port from this machine, and tells the port's address. more is added to the
// flow section of its configuration.
func startCollector(t *testing.T, version, more string) (p *program, to netip.AddrPort) {
	t.Helper()
	to = freePort(t)
	scheme := "udp"
	if version == "sflow5" {
		scheme = "sflow"
	}
	file := filepath.Join(t.TempDir(), "downpour.yaml")
	write(t, file, fmt.Sprintf(`networks: {own: [203.0.113.0/24]}
services: [{name: example, targets: [203.0.113.0/24]}]
flow:
  listen: ["%s://%s"]
  exporters: [{address: 127.0.0.1, name: first}, {address: 127.0.0.2, name: second}]
%s`, scheme, to, more))
	return start(t, "serve", "--config", file, "--data", t.TempDir()), to
}

// freePort is a UDP port of loopback that nobody has.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return netip.MustParseAddrPort(free.LocalAddr().String())
}

// send sends datagrams from an address of loopback.
func send(t *testing.T, to netip.AddrPort, from string, datagrams []export.Datagram) {
	t.Helper()
	s, err := export.NewSender(t.Context(), netip.MustParseAddrPort(from), to)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Send(export.Messages(datagrams)); err != nil {
		t.Fatal(err)
	}
}

// metrics is the operator's page of metrics.
func (p *program) metrics(t testing.TB) string { return p.asOperator(t, "/metrics") }

// asOperator is a page as the operator sees it.
func (p *program) asOperator(t testing.TB, path string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Jar: jar}
	var body []byte
	for _, url := range []string{p.signIn, p.url + path} {
		answer, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s is answered %s, %v", path, answer.Status, err)
		}
	}
	return string(body)
}

// metric adds up a metric over its labels.
func metric(text, name string) uint64 {
	var total float64
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if i := strings.LastIndex(line, "} "); i >= 0 {
			key, value = line[:i+1], strings.TrimSpace(line[i+2:])
		}
		if key == name || strings.HasPrefix(key, name+"{") {
			v, _ := strconv.ParseFloat(value, 64)
			total += v
		}
	}
	return uint64(total)
}
