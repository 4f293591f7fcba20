package fastnetmon

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
)

// Reasons why keys have no equal, said of several.
const (
	switchedOff  = "switched off there, or part of what is"
	noMitigation = "Downpour does not mitigate in this version, it tells: nothing is banned, unbanned or announced"
	noExport     = "Downpour does not write there: its store keeps incidents, /metrics and the API give the rest"
	noClient     = "of FastNetMon's own terminal client; Downpour has pages"
	noFlowRate   = "flows are no unit here: an attack passes in packets or bits a second"
	noTuning     = "how FastNetMon captures; Downpour needs no such setting"
	noWindow     = "Downpour judges each second of the telemetry's own time"
	noPrescale   = "it multiplies what a sampled mirror port gives; packets[].sampling samples in the kernel, which is another thing"
	notNeeded    = "nothing of the kind is needed"
	both         = "both directions are always judged"
	noDump       = "all that detection sees is on the pages; what it keeps of an attack is bounded by itself"
	noReporting  = "Downpour sends nothing to anybody that it isn't told to"
	noSyslog     = "Downpour logs to standard error; the service manager takes it from there"
)

// reasons are the keys of fastnetmon.conf that have no equal.
func reasons() map[string]string {
	out := map[string]string{}
	add := func(reason string, names ...string) {
		for _, name := range names {
			out[name] = reason
		}
	}
	add(noMitigation, "enable_ban", "enable_ban_ipv6", "ban_time", "unban_only_if_attack_finished", "exabgp", "exabgp_command_pipe",
		"exabgp_community", "exabgp_community_subnet", "exabgp_community_host", "exabgp_next_hop", "exabgp_announce_host",
		"exabgp_announce_whole_subnet", "exabgp_flow_spec_announces", "gobgp", "gobgp_next_hop", "gobgp_announce_host", "gobgp_announce_whole_subnet",
		"gobgp_community_host", "gobgp_community_subnet", "gobgp_next_hop_ipv6", "gobgp_announce_host_ipv6",
		"gobgp_announce_whole_subnet_ipv6", "gobgp_community_host_ipv6", "gobgp_community_subnet_ipv6")
	add(noExport, "redis_enabled", "redis_port", "redis_host", "redis_prefix", "mongodb_enabled", "mongodb_host", "mongodb_port",
		"mongodb_database_name", "influxdb", "influxdb_host", "influxdb_port", "influxdb_database", "influxdb_auth", "influxdb_user",
		"influxdb_password", "influxdb_push_period", "graphite", "graphite_host", "graphite_port", "graphite_prefix",
		"graphite_push_period", "kafka_traffic_export", "kafka_traffic_export_topic", "kafka_traffic_export_format",
		"kafka_traffic_export_brokers", "clickhouse_metrics", "clickhouse_metrics_database", "clickhouse_metrics_host",
		"clickhouse_metrics_port", "clickhouse_metrics_username", "clickhouse_metrics_password", "clickhouse_metrics_push_period")
	add(noClient, "check_period", "sort_parameter", "max_ips_in_list", "cli_stats_file_path", "cli_stats_ipv6_file_path", "enable_api")
	add(noFlowRate, "ban_for_flows", "threshold_flows", "enable_connection_tracking")
	add(noTuning, "poll_mode_xdp", "xdp_set_promisc", "zero_copy_xdp", "force_native_mode_xdp", "xdp_read_packet_length_from_ip_header",
		"microcode_xdp_path", "mirror_af_packet_fanout_mode", "af_packet_read_packet_length_from_ip_header",
		"netmap_read_packet_length_from_ip_header", "sflow_read_packet_length_from_ip_header", "mirror")
	add(noPrescale, "mirror_af_packet_custom_sampling_rate", "netmap_sampling_ratio")
	add(noWindow, "average_calculation_time", "speed_calculation_delay")
	add(notNeeded, "pid_path")
	add(both, "process_incoming_traffic", "process_outgoing_traffic")
	add(noDump, "dump_all_traffic", "dump_other_traffic", "ban_details_records_count", "collect_attack_pcap_dumps")
	add(noReporting, "disable_usage_report")
	add(noSyslog, "logging_local_syslog_logging", "logging_remote_syslog_logging", "logging_remote_syslog_server", "logging_remote_syslog_port")
	add("Downpour doesn't look for addresses by itself: list this machine's in networks.own if they are to be watched",
		"monitor_local_ip_addresses", "monitor_openvz_vps_ip_addresses")
	add("metrics are served at /metrics of http.listen, with the operator's token as bearer", "prometheus", "prometheus_port", "prometheus_host")
	return out
}

// groupKey matches a key of a host group.
var groupKey = regexp.MustCompile(`^(.+)_(enable_ban|enable_ban_ipv6|(?:ban_for|threshold)_[a-z_]+)$`)

// reason tells why a setting is not carried over.
func (im *importer) reason(s *setting, known map[string]string) string {
	if im.conf.last[s.name] != s {
		return "set again further down, where it counts"
	}
	if r := cmp.Or(im.reasons[s.name], known[s.name]); r != "" {
		return r
	}
	m := groupKey.FindStringSubmatch(s.name)
	switch {
	case m == nil:
		return "no key of FastNetMon 1.2"
	case !slices.ContainsFunc(im.groups, func(g hostGroup) bool { return g.name == m[1] }):
		return "no hostgroup of this name is declared, so FastNetMon doesn't look at it"
	}
	return cmp.Or(known[m[2]], "no key of FastNetMon 1.2")
}

// writeRest lists what is not carried over, by reason. Values stay out: some are
// passwords.
func (im *importer) writeRest(p *page) {
	known := reasons()
	by := map[string][]string{}
	var order []string
	for _, s := range im.conf.settings {
		if s.carried && im.conf.last[s.name] == s || s.name == "hostgroup" {
			continue
		}
		r := im.reason(s, known)
		if by[r] == nil {
			order = append(order, r)
		}
		by[r] = append(by[r], printable(s.name)+" ("+strconv.Itoa(s.number)+")")
	}
	if len(order) == 0 {
		return
	}
	p.line("\n# Not carried over (line of %s in brackets):", printable(im.conf.file))
	for _, r := range order {
		p.line("# %s:", r)
		for _, l := range wrapped(by[r], 110) {
			p.line("#   %s", l)
		}
	}
}

// wrapped joins words with commas into lines of about a width.
func wrapped(words []string, width int) []string {
	var lines []string
	for _, w := range words {
		if n := len(lines) - 1; n >= 0 && len(lines[n])+len(w)+2 <= width {
			lines[n] += ", " + w
			continue
		}
		lines = append(lines, w)
	}
	return lines
}

// dropGroup notes that nothing of a host group is carried over.
func (im *importer) dropGroup(name string) {
	for _, s := range im.conf.settings {
		if m := groupKey.FindStringSubmatch(s.name); len(m) > 1 && m[1] == name {
			s.carried = false
			im.because("its host group holds nothing of networks_list", s.name)
		}
	}
}
