//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"iter"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ours are the networks that the cases were moved to.
var ours = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/14"), netip.MustParsePrefix("2001:db8:1000::/36")} //nolint:gochecknoglobals // a constant

// party is one FastNetMon with its thresholds.
type party struct {
	name   string
	folder string
	listen netip.AddrPort
	cmd    *exec.Cmd
}

// The thresholds that are tried, alone; the package's own are 20,000 packets/s or
// 1,000 Mbit/s.
func settings() map[string][2]int {
	list := map[string][2]int{"default": {20_000, 1000}}
	for _, pps := range []int{500, 1000, 2000, 5000, 10_000, 20_000, 40_000} {
		list[fmt.Sprintf("%d packets/s", pps)] = [2]int{pps, 0}
	}
	for _, mbps := range []int{5, 20, 50, 100, 200, 500} {
		list[fmt.Sprintf("%d Mbit/s", mbps)] = [2]int{0, mbps}
	}
	return list
}

// start starts one party for each setting.
func start(ctx context.Context, folder string) (list []*party, err error) {
	const firstPort = 26_340
	for name, limits := range sorted(settings()) {
		p := &party{
			name: name, folder: filepath.Join(folder, fmt.Sprint(len(list))),
			listen: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(firstPort+len(list))),
		}
		if err := p.start(ctx, limits); err != nil {
			return list, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// script is what FastNetMon calls with the address, the direction, the packets/s and
// what it does.
const script = "#!/bin/sh\n[ \"$4\" = ban ] && echo \"$(date +%%s%%N) $1\" >> %s/bans\ncat >/dev/null\n"

func (p *party) start(ctx context.Context, limits [2]int) error {
	if err := os.Mkdir(p.folder, 0o700); err != nil {
		return err
	}
	on := func(limit int) string {
		if limit > 0 {
			return "on"
		}
		return "off"
	}
	networks := ""
	for _, n := range ours {
		networks += n.String() + "\n"
	}
	lines := []string{
		"disable_usage_report = on", "enable_ban = on", "enable_ban_ipv6 = on", "ban_time = 1900", "unban_only_if_attack_finished = on",
		"process_incoming_traffic = on", "process_outgoing_traffic = on",
		"networks_list_path = " + p.folder + "/networks", "white_list_path = " + p.folder + "/none",
		"check_period = 1", "enable_connection_tracking = on", "average_calculation_time = 5", "speed_calculation_delay = 1",
		"ban_for_pps = " + on(limits[0]), "threshold_pps = " + strconv.Itoa(max(limits[0], 1)),
		"ban_for_bandwidth = " + on(limits[1]), "threshold_mbps = " + strconv.Itoa(max(limits[1], 1)), "ban_for_flows = off",
		"sflow = on", fmt.Sprintf("sflow_port = %d", p.listen.Port()), "sflow_host = 127.0.0.1",
		"notify_script_path = " + p.folder + "/notify", "monitor_local_ip_addresses = off", "enable_api = off", "prometheus = off",
		"pid_path = " + p.folder + "/pid", "cli_stats_file_path = " + p.folder + "/stats", "cli_stats_ipv6_file_path = " + p.folder + "/stats6",
	}
	for name, text := range map[string]string{
		"networks": networks, "none": "", "fastnetmon.conf": strings.Join(lines, "\n") + "\n", "notify": fmt.Sprintf(script, p.folder),
	} {
		if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o700); err != nil { //nolint:gosec // the script is run
			return err
		}
	}
	p.cmd = exec.CommandContext(ctx, "fastnetmon", "--configuration_file", p.folder+"/fastnetmon.conf", "--log_file", p.folder+"/log", "--disable_pid_logic")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	return p.listening(ctx)
}

// listening waits until the party has its socket.
func (p *party) listening(ctx context.Context) error {
	for range 200 {
		c, err := net.ListenPacket("udp4", p.listen.String())
		if err != nil {
			return nil //nolint:nilerr // taken: this is what is waited for
		}
		_ = c.Close()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("it did not open %s", p.listen)
}

func (p *party) end() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		_ = p.cmd.Wait()
	}
}

// bans are the addresses that were banned, with the first time.
func (p *party) bans() (map[netip.Addr]time.Time, error) {
	bans := map[netip.Addr]time.Time{}
	f, err := os.Open(filepath.Join(p.folder, "bans"))
	if os.IsNotExist(err) {
		return bans, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		at, address, _ := strings.Cut(lines.Text(), " ")
		ns, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("notified at %q", at)
		}
		a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(address), "/128"), "/32"))
		if err != nil {
			return nil, err
		}
		if _, seen := bans[a]; !seen {
			bans[a] = time.Unix(0, ns)
		}
	}
	return bans, nil
}

// sorted goes through settings by name.
func sorted(list map[string][2]int) iter.Seq2[string, [2]int] {
	return func(yield func(string, [2]int) bool) {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			if !yield(name, list[name]) {
				return
			}
		}
	}
}
