//go:build linux

package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// write puts a file into a party's folder.
func (p *place) write(name, text string) (string, error) {
	path := filepath.Join(p.folder, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// fastNetMon with or without its tracking of flows. It is told that nothing is
// sampled, and bans nobody, as it would do for measurements only.
func fastNetMon(tracking bool) func(context.Context, *place) (*receiver, error) {
	return func(ctx context.Context, p *place) (*receiver, error) {
		if _, err := p.write("networks", network+"\n"); err != nil {
			return nil, err
		}
		if _, err := p.write("none", ""); err != nil {
			return nil, err
		}
		protocol := "netflow"
		if isSFlow(p.version) {
			protocol = "sflow"
		}
		settings := map[string]string{
			"disable_usage_report": "on", "enable_ban": "off", "enable_ban_ipv6": "off",
			"networks_list_path": p.folder + "/networks", "white_list_path": p.folder + "/none",
			"monitor_local_ip_addresses": "off", "enable_connection_tracking": map[bool]string{true: "on", false: "off"}[tracking],
			protocol: "on", protocol + "_port": port(p.listen), protocol + "_host": "127.0.0.1", "netflow_sampling_ratio": "1",
			"check_period": "1", "average_calculation_time": "5", "speed_calculation_delay": "1",
			"pid_path": p.folder + "/pid", "cli_stats_file_path": p.folder + "/stats", "cli_stats_ipv6_file_path": p.folder + "/stats6",
			"enable_api": "off", "prometheus": "on", "prometheus_port": port(p.other), "prometheus_host": "127.0.0.1",
		}
		var text strings.Builder
		for key, value := range settings {
			fmt.Fprintf(&text, "%s = %s\n", key, value)
		}
		file, err := p.write("fastnetmon.conf", text.String())
		if err != nil {
			return nil, err
		}
		process, err := launch(ctx, p.folder, "fastnetmon", "--configuration_file", file, "--log_to_console", "--disable_pid_logic")
		if err != nil {
			return nil, err
		}
		r := &receiver{process: process, to: p.listen, by: "its Prometheus page (packets processed)"}
		r.counted = func() (uint64, uint64, error) {
			body, err := page(p.other.String(), "/metrics")
			return sumOf(body, "fastnetmon_total_simple_packets_processed", ""), 0, err
		}
		return r, bound(ctx, p)
	}
}

// bound waits until a party has its socket.
func bound(ctx context.Context, p *place) error {
	return eventually(ctx, "its socket is open", func() bool {
		c, err := net.ListenPacket("udp4", p.listen.String())
		if err == nil {
			_ = c.Close()
			return false
		}
		return true
	})
}

func page(host, path string) (string, error) {
	return get(context.Background(), &http.Client{Timeout: 10 * time.Second}, "http://"+host+path)
}

// startNfcapd stores in one file, which nfdump then counts.
func startNfcapd(ctx context.Context, p *place) (*receiver, error) {
	files := filepath.Join(p.folder, "files")
	if err := os.Mkdir(files, 0o700); err != nil {
		return nil, err
	}
	process, err := launch(ctx, p.folder, "nfcapd", "-b", "127.0.0.1", "-p", port(p.listen), "-w", files, "-t", "3600",
		"-B", strconv.Itoa(receiveBuffer))
	if err != nil {
		return nil, err
	}
	r := &receiver{process: process, to: p.listen, by: "nfdump -I of its file"}
	r.counted = func() (uint64, uint64, error) {
		process.end(syscall.SIGTERM)
		out, err := exec.CommandContext(context.Background(), "nfdump", "-I", "-R", files).Output()
		if err != nil {
			return 0, 0, fmt.Errorf("nfdump -I: %w", err)
		}
		return valueAfter(string(out), "Flows:"), valueAfter(string(out), "Sequence failures:"), nil
	}
	return r, bound(ctx, p)
}

// valueAfter is the number after a name at a line's beginning.
func valueAfter(text, name string) uint64 {
	for _, line := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(line, name); ok {
			v, _ := strconv.ParseUint(strings.TrimSpace(rest), 10, 64)
			return v
		}
	}
	return 0
}

// startPmacct counts flows of each destination with its print plugin, through as
// large a queue as is sensible; it writes when it ends.
func startPmacct(ctx context.Context, p *place) (*receiver, error) {
	daemon, prefix := "nfacctd", "nfacctd"
	if isSFlow(p.version) {
		daemon, prefix = "sfacctd", "sfacctd"
	}
	file, err := p.write("pmacct.conf", fmt.Sprintf(`daemonize: false
propagate_signals: true
%[1]s_ip: 127.0.0.1
%[1]s_port: %[2]s
nfacctd_pipe_size: %[3]d
plugins: print[all]
aggregate[all]: dst_host, flows
print_output[all]: csv
print_output_file[all]: %[4]s/out.csv
print_refresh_time[all]: 3600
plugin_pipe_size: 268435456
plugin_buffer_size: 262144
`, prefix, port(p.listen), receiveBuffer, p.folder))
	if err != nil {
		return nil, err
	}
	process, err := launch(ctx, p.folder, daemon, "-f", file)
	if err != nil {
		return nil, err
	}
	r := &receiver{process: process, to: p.listen, by: "what its print plugin wrote at its end"}
	r.counted = func() (uint64, uint64, error) {
		process.end(syscall.SIGINT)
		n, err := columnSum(filepath.Join(p.folder, "out.csv"), "FLOWS", "PACKETS")
		return n, 0, err
	}
	return r, bound(ctx, p)
}

// columnSum adds up the first of some columns that a CSV file has.
func columnSum(path string, columns ...string) (uint64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) == 0 {
		return 0, fmt.Errorf("%s: no rows, %w", filepath.Base(path), err)
	}
	for _, column := range columns {
		for i, name := range rows[0] {
			if name != column {
				continue
			}
			var total uint64
			for _, row := range rows[1:] {
				v, _ := strconv.ParseUint(strings.TrimSpace(row[i]), 10, 64)
				total += v
			}
			return total, nil
		}
	}
	return 0, fmt.Errorf("%s: no column of %s", filepath.Base(path), columns)
}

// startGoflow2 decodes and encodes as protobuf, to nowhere.
func startGoflow2(ctx context.Context, p *place) (*receiver, error) {
	if p.goflow2 == "" {
		return nil, fmt.Errorf("goflow2 could not be built")
	}
	kind := "netflow"
	if isSFlow(p.version) {
		kind = "sflow"
	}
	process, err := launch(ctx, p.folder, p.goflow2, "-listen", fmt.Sprintf("%s://%s", kind, p.listen), "-addr", p.other.String(),
		"-format", "bin", "-transport", "file", "-transport.file", os.DevNull)
	if err != nil {
		return nil, err
	}
	r := &receiver{process: process, to: p.listen, by: "its metrics"}
	r.counted = func() (uint64, uint64, error) {
		body, err := page(p.other.String(), "/metrics")
		if isSFlow(p.version) {
			return sumOf(body, "goflow2_flow_process_sf_samples_total", `type="FlowSample"`), 0, err
		}
		return sumOf(body, "goflow2_flow_process_nf_flowset_records_total", `type="DataFlowSet"`), 0, err
	}
	return r, bound(ctx, p)
}
