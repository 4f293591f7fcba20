package fastnetmon

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// page is a configuration being written.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// write writes everything that is carried over, and what is not.
func (im *importer) write() []byte {
	var p page
	p.line("# Made of %s by downpour import fastnetmon.", printable(im.conf.file))
	p.line("# Look through it, then: downpour check --config FILE")
	im.writeNetworks(&p)
	im.writeServices(&p)
	im.writeFlow(&p)
	im.writePackets(&p)
	im.writeHTTP(&p)
	im.writeNotify(&p)
	im.writeLog(&p)
	im.writeRest(&p)
	return []byte(p.String())
}

// writeNetworks writes networks.own, never_block and groups.
func (im *importer) writeNetworks(p *page) {
	path, own := im.list("networks_list_path", im.options.Networks, "--networks")
	p.line("\nnetworks:")
	switch {
	case path == "":
		p.line("  # own: %s names no networks_list_path. Without it every address may be a target.", printable(im.conf.file))
	case len(own) == 0:
		p.line("  # own: %s is empty. Without it every address may be a target.", printable(path))
	default:
		writeList(p, "own", path, "networks_list_path", own)
	}
	if path, spared := im.list("white_list_path", im.options.Whitelist, "--whitelist"); len(spared) > 0 {
		p.line("  # FastNetMon keeps silent about these; Downpour tells of attacks on them, and no mitigation may touch them.")
		writeList(p, "never_block", path, "white_list_path", spared)
	} else if path != "" {
		p.line("  # never_block: %s (white_list_path) is empty.", printable(path))
	}
	im.writeGroups(p, own)
}

func writeList(p *page, key, path, from string, list []network) {
	p.line("  %s: # %s (%s)", key, printable(path), from)
	for _, n := range list {
		note := ""
		if n.note != "" {
			note = " # " + n.note
		}
		p.line("    - %s%s", quoted(n.prefix.String()), note)
	}
}

// writeGroups writes FastNetMon's thresholds as groups: those of its host groups,
// and those that hold for all other hosts.
func (im *importer) writeGroups(p *page, own []network) {
	var out page
	grouped := map[netip.Prefix]bool{}
	for _, g := range im.groups {
		im.writeGroup(&out, g, own, grouped)
	}
	im.writeOthers(&out, own, grouped)
	if out.Len() > 0 {
		p.line("  # FastNetMon calls it an attack if one of its thresholds is passed. A floor is what an attack must pass at least: it must")
		p.line("  # also be three times what is usual. Floors that are not written are the usual ones (docs/configuration.md).")
		p.line("  groups:")
		p.WriteString(out.String())
	}
}

// writeGroup writes a host group, with those of its networks that are ours.
func (im *importer) writeGroup(p *page, g hostGroup, own []network, grouped map[netip.Prefix]bool) {
	t := im.thresholds(g.name)
	banning := im.conf.last[g.name+"_enable_ban"]
	off := banning != nil && !im.on(g.name+"_enable_ban")
	var prefixes []string
	var says []string
	for _, n := range g.networks {
		inside := len(own) == 0
		exact := inside
		for _, o := range own {
			inside = inside || o.prefix.Overlaps(n.prefix) && o.prefix.Bits() <= n.prefix.Bits()
			exact = exact || o.prefix == n.prefix
		}
		switch {
		case !inside:
			says = append(says, fmt.Sprintf("%s is left out: it is not in networks_list, so FastNetMon does not watch it", n.prefix))
			continue
		case !exact:
			says = append(says, fmt.Sprintf("networks_list has no entry %s, so FastNetMon does not apply the group to it; Downpour does", n.prefix))
		}
		grouped[n.prefix] = true
		prefixes = append(prefixes, quoted(n.prefix.String()))
	}
	if len(prefixes) == 0 {
		im.dropGroup(g.name)
		p.line("    # The host group %s (%s) holds nothing of networks_list.", printable(g.name), g.line.place())
		return
	}
	p.line("    - name: %s # hostgroup (%s)", quoted(g.name), g.line.place())
	for _, s := range says {
		p.line("      # %s.", s)
	}
	p.line("      prefixes: [%s]", strings.Join(prefixes, ", "))
	if off {
		im.take(g.name + "_enable_ban")
		p.line("      policy: off # %s (%s); attacks are still told of", printable(banning.name), banning.place())
	}
	writeFloors(p, t)
}

// othersGroup is the group of the hosts that are in no host group.
const othersGroup = "fastnetmon"

// writeOthers writes the thresholds of all other hosts.
func (im *importer) writeOthers(p *page, own []network, grouped map[netip.Prefix]bool) {
	t := im.thresholds("")
	var prefixes []string
	for _, n := range own {
		if !grouped[n.prefix] {
			prefixes = append(prefixes, quoted(n.prefix.String()))
		}
	}
	if len(prefixes) == 0 || len(t.from) == 0 {
		for _, s := range im.conf.settings {
			if s.carried && isThreshold(s.name) {
				s.carried = false
				im.because("thresholds need networks.own, and there are none that are in no host group", s.name)
			}
		}
		return
	}
	name := othersGroup
	for slices.ContainsFunc(im.groups, func(g hostGroup) bool { return g.name == name }) {
		name += "-others"
	}
	p.line("    - name: %s # what is in no host group", name)
	p.line("      prefixes: [%s]", strings.Join(prefixes, ", "))
	writeFloors(p, t)
}

// isThreshold tells of a threshold of the hosts that are in no host group, and of
// its switch.
func isThreshold(name string) bool {
	return strings.HasPrefix(name, "threshold_") || strings.HasPrefix(name, "ban_for_")
}

func writeFloors(p *page, t thresholds) {
	floors := t.floors()
	if len(floors) == 0 {
		p.line("      # No threshold is switched on, so FastNetMon is silent; here the usual floors hold.")
		return
	}
	for _, l := range wrapped(t.from, 110) {
		p.line("      # %s", l)
	}
	p.line("      floors:")
	for _, f := range floors {
		p.line("        %s", f)
	}
}

func (im *importer) writeServices(p *page) {
	p.line("\n# FastNetMon has no services: name what you run, with targets and hosts, and give each its page.")
	p.line("services:")
	p.line("  - name: network")
}

// writeFlow writes where flow export is received.
func (im *importer) writeFlow(p *page) {
	listen := slices.Concat(im.listen("netflow", "udp"), im.listen("sflow", "sflow"))
	sampling := im.conf.last["netflow_sampling_ratio"]
	if len(listen) == 0 {
		im.because(switchedOff, "netflow_sampling_ratio")
		return
	}
	p.line("\nflow:")
	p.line("  listen:")
	for _, l := range listen {
		p.line("    - %s", l)
	}
	n := uint64(1)
	if sampling != nil && im.on("netflow") {
		n, _ = im.number(sampling, 1, 1<<24)
	}
	if len(im.options.Exporters) == 0 {
		p.line("  # FastNetMon takes flow export from anybody. Downpour only from those that are told here (or by import's --exporter), and")
		p.line("  # lists the others on /health/data, where an operator can allow them.")
		p.line("  # exporters: [{address: 203.0.113.1, name: edge1}]")
		im.because("to be told of each exporter that doesn't announce its sampling: give them with --exporter, or write flow.exporters[].sampling", "netflow_sampling_ratio")
		return
	}
	p.line("  exporters: # --exporter")
	for _, a := range im.options.Exporters {
		if n > 1 {
			im.take("netflow_sampling_ratio")
			p.line("    - {address: %s, sampling: %d} # netflow_sampling_ratio (%s); leave it out where the exporter announces it", quoted(a.String()), n, sampling.place())
		} else {
			p.line("    - {address: %s}", quoted(a.String()))
		}
	}
	im.because("1 is what an exporter has that announces nothing", "netflow_sampling_ratio")
}

// listen writes the endpoints of a protocol, one for each of its ports.
func (im *importer) listen(protocol, scheme string) []string {
	hostKey, portKey := protocol+"_host", protocol+"_port"
	if !im.on(protocol) {
		im.because(switchedOff, protocol, hostKey, portKey)
		return nil
	}
	im.take(protocol)
	host, from := "0.0.0.0", protocol+", "
	if s := im.take(hostKey); s != nil && s.value != "" {
		a, err := netip.ParseAddr(s.value)
		if err != nil {
			im.wrong(s, fmt.Sprintf("%q is not an address", s.value), "write 0.0.0.0 for all of IPv4, :: for all")
			return nil
		}
		host, from = a.String(), fmt.Sprintf("%s, %s (%s), ", protocol, hostKey, s.place())
	}
	s := im.take(portKey)
	if s == nil {
		im.wrong(im.conf.last[protocol], "is on, and there is no "+portKey, "give the port")
		return nil
	}
	var out []string
	for text := range strings.SplitSeq(s.value, ",") {
		port, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
		if err != nil || port == 0 {
			im.wrong(s, fmt.Sprintf("%q is not a port", strings.TrimSpace(text)), "write a number from 1 to 65535, or several with commas between")
			continue
		}
		address := net.JoinHostPort(host, strconv.FormatUint(port, 10))
		out = append(out, fmt.Sprintf("%s # %s%s (%s)", quoted(scheme+"://"+address), from, portKey, s.place()))
	}
	return out
}

// captures are FastNetMon's ways to take packets off an interface.
func captures() []string { return []string{"mirror_afpacket", "mirror_afxdp", "mirror_netmap", "pcap"} }

// writePackets writes the interfaces that packets are taken from.
func (im *importer) writePackets(p *page) {
	var by []string
	for _, name := range captures() {
		if im.on(name) {
			im.take(name)
			by = append(by, fmt.Sprintf("%s (%s)", name, im.conf.last[name].place()))
		} else {
			im.because(switchedOff, name)
		}
	}
	if len(by) == 0 {
		im.because(switchedOff, "interfaces")
		return
	}
	s := im.take("interfaces")
	if s == nil {
		im.wrong(im.conf.last[captures()[0]], "is on, and there are no interfaces", "name them")
		return
	}
	p.line("\npackets: # interfaces (%s) by %s", s.place(), strings.Join(by, ", "))
	seen := map[string]bool{}
	for name := range strings.SplitSeq(s.value, ",") {
		name = strings.TrimSpace(name)
		if name == "" || name == "any" {
			im.wrong(s, fmt.Sprintf("%q is no interface that Downpour can capture from", name), "name the interfaces one by one")
			continue
		}
		if !seen[name] {
			seen[name] = true
			p.line("  - {interface: %s, promiscuous: true}", quoted(name))
		}
	}
}

func (im *importer) writeHTTP(p *page) {
	p.line("\n# FastNetMon has a client in the terminal; Downpour's pages, API and metrics are here.")
	p.line("http:")
	p.line("  listen: 127.0.0.1:8080")
}

// writeNotify writes the script that FastNetMon calls. It calls none that isn't
// there, and its packaged configuration names one that isn't.
func (im *importer) writeNotify(p *page) {
	s := im.conf.last["notify_script_path"]
	switch {
	case s == nil || s.value == "":
		im.because("it is empty", "notify_script_path")
		return
	case !filepath.IsAbs(s.value):
		im.wrong(s, fmt.Sprintf("%q is not an absolute path", s.value), "write it as /usr/local/bin/notify_about_attack.sh")
		return
	case !im.options.Elsewhere && !runnable(s.value):
		im.because("there is no such program on this machine, and FastNetMon calls none that is missing (--elsewhere: it is on another one)", "notify_script_path")
		return
	}
	im.take("notify_script_path")
	p.line("\n# Called as FastNetMon calls it: address, direction, packets/s, ban or unban (docs/alerts.md).")
	p.line("notify:")
	p.line("  - script: %s # notify_script_path (%s)", quoted(s.value), s.place())
	p.line("    arguments: fastnetmon")
	p.line("    minimum: minor # FastNetMon knows no severities")
}

// runnable tells of a file that can be run.
func runnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func (im *importer) writeLog(p *page) {
	s := im.take("logging_level")
	if s == nil {
		return
	}
	if s.value != "info" && s.value != "debug" {
		im.wrong(s, fmt.Sprintf("%q is neither info nor debug", s.value), "write one of them")
		return
	}
	p.line("\nlog:")
	p.line("  level: %s # logging_level (%s)", s.value, s.place())
}

// quoted writes a text as YAML, in quotes unless it needs none.
func quoted(s string) string {
	plain := s != "" && strings.IndexFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '/' || c == '_' || c == '-')
	}) < 0
	if first := s[:min(1, len(s))]; plain && first != "-" && first != "." && !isWord(s) {
		return s
	}
	return strconv.Quote(printable(s))
}

// isWord tells of what YAML would read as something else than text.
func isWord(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil || slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s))
}
