//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"downpour/internal/observe/flow"
)

// recordsOf is how many records each of the generator's datagrams has.
func recordsOf(v flow.Version) uint64 {
	return map[flow.Version]uint64{flow.NetFlow5: 30, flow.NetFlow9: 28, flow.IPFIX: 24, flow.SFlow5: 6}[v]
}

// startDiscard is the floor.
func startDiscard(ctx context.Context, p *place) (*receiver, error) { return discardWith(ctx, p) }

func discardWith(ctx context.Context, p *place, args ...string) (*receiver, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	process, err := launch(ctx, p.folder, self, append([]string{"discard"}, args...)...)
	if err != nil {
		return nil, err
	}
	address, err := process.said("listening ", 10*time.Second)
	if err != nil {
		return nil, err
	}
	r := &receiver{process: process, datagrams: true, by: "its count of datagrams", to: netip.MustParseAddrPort(address)}
	r.counted = func() (uint64, uint64, error) {
		_ = process.cmd.Process.Signal(syscall.SIGTERM)
		n, err := process.said("datagrams ", 10*time.Second)
		if err != nil {
			return 0, 0, err
		}
		datagrams, err := strconv.ParseUint(n, 10, 64)
		return datagrams, 0, err
	}
	return r, nil
}

// readings are ways to read a socket: the floor with other batches, with pauses
// after a batch that was not full, and with datagrams joined by the kernel.
func readings() []party {
	var list []party
	for _, args := range [][]string{
		{"-batch", "128"}, {"-batch", "1"}, {"-batch", "16"}, {"-batch", "1024"},
		{"-batch", "128", "-pace", "1ms"}, {"-batch", "128", "-pace", "5ms"}, {"-batch", "128", "-gro"},
	} {
		list = append(list, party{
			name: "discard " + strings.Join(args, " "), says: "nothing", speaks: anyVersion,
			start: func(ctx context.Context, p *place) (*receiver, error) { return discardWith(ctx, p, args...) },
		})
	}
	return list
}

// startDownpour runs the server as an operator does: its network and one
// exporter named, all else as it comes.
func startDownpour(ctx context.Context, p *place) (*receiver, error) {
	file := filepath.Join(p.folder, "downpour.yaml")
	text := fmt.Sprintf(`networks: {own: [%s]}
services: [{name: example, targets: [%s]}]
flow:
  listen: ["%s://%s"]
  exporters: [{address: 127.0.0.1, name: router}]
`, network, network, scheme(p.version), p.listen)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	process, err := launch(ctx, p.folder, p.downpour, "serve", "--config", file, "--data", filepath.Join(p.folder, "data"), "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	link, err := process.said("sign in at ", 20*time.Second)
	if err != nil {
		return nil, err
	}
	o, err := signIn(ctx, link)
	if err != nil {
		return nil, err
	}
	return &receiver{process: process, to: p.listen, by: "its metrics (flows given to the pipeline)", counted: func() (uint64, uint64, error) {
		return o.counted(p.version)
	}}, nil
}

// operator is signed in at a Downpour.
type operator struct {
	base   string
	client *http.Client
}

func signIn(ctx context.Context, link string) (*operator, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	scheme, rest, _ := strings.Cut(link, "://")
	host, _, _ := strings.Cut(rest, "/")
	o := &operator{base: scheme + "://" + host, client: &http.Client{Jar: jar, Timeout: 10 * time.Second}}
	_, err = o.get(ctx, strings.TrimPrefix(link, o.base))
	return o, err
}

func (o *operator) get(ctx context.Context, path string) (string, error) {
	return get(ctx, o.client, o.base+path)
}

// get fetches a page.
func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s is answered %s", request.URL.Path, answer.Status)
	}
	return string(body), err
}

// counted is what the pipeline was given, and what is known to be lost before:
// by sequence numbers (drops at the socket among them), or thrown away.
func (o *operator) counted(v flow.Version) (counted, lost uint64, err error) {
	body, err := o.get(context.Background(), "/metrics")
	if err != nil {
		return 0, 0, err
	}
	lost = sumOf(body, "downpour_exporter_lost_records_total", "") + sumOf(body, "downpour_exporter_lost_datagrams_total", "")*recordsOf(v) +
		sumOf(body, "downpour_exporter_shed_total", "") + sumOf(body, "downpour_exporter_shed_datagrams_total", "")*recordsOf(v) +
		sumOf(body, "downpour_queue_flows_shed_total", "")
	return sumOf(body, "downpour_queue_flows_total", ""), lost, nil
}

// sumOf adds up a metric over its labels, of which one may be asked for, in the
// text format of Prometheus.
func sumOf(text, metric, label string) uint64 {
	var total float64
	for _, line := range strings.Split(text, "\n") {
		name, value, _ := cutLast(line, " ")
		if (name == metric || strings.HasPrefix(name, metric+"{")) && strings.Contains(name, label) {
			v, _ := strconv.ParseFloat(value, 64)
			total += v
		}
	}
	return uint64(total)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
