package listing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"downpour/internal/observe/export"
	"downpour/internal/observe/export/listing"
)

// decoded prints files and reads what was printed.
func decoded(t *testing.T, paths ...string) []map[string]any {
	t.Helper()
	r := &export.Reader{}
	for _, p := range paths {
		if err := r.AddFile(p, export.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := export.Walk(r, listing.NewJSON(&out).Write); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return records(t, out.Bytes())
}

// records reads a JSON object a line; pmacct's files have other lines too.
func records(t *testing.T, data []byte) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		var r map[string]any
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// same is one row of the mapping: a field of pmacct's record, and what it is in
// ours. A nil on either side is "not carried".
type same struct {
	theirs string
	ours   func(r map[string]any) any
	// value turns pmacct's to ours; nil where they are written alike.
	value func(v any) any
}

// mapping is how the fields that both carry correspond. pmacct's others are made
// by its own configuration: label, net_* (masks applied), mpls_vpn_rd, *vrf_name
// (joined from options), flows, writer_id; peer_ip_src is rewritten in its test.
func mapping() []same {
	key := func(name string) func(map[string]any) any {
		return func(r map[string]any) any { return r[name] }
	}
	return []same{
		{"ip_src", key("source"), nil},
		{"ip_dst", key("destination"), nil},
		{"port_src", key("source_port"), nil},
		{"port_dst", key("destination_port"), nil},
		{"ip_proto", key("protocol"), protocolNumber},
		{"tos", key("tos"), nil},
		{"iface_in", key("input_interface"), nil},
		{"iface_out", key("output_interface"), nil},
		{"tcp_flags", key("tcp_flags"), flagBits},
		{"timestamp_start", seconds("start"), nil},
		{"timestamp_end", seconds("end"), nil},
		{"mask_src", other("sourceIPv4PrefixLength", "sourceIPv6PrefixLength"), nil},
		{"mask_dst", other("destinationIPv4PrefixLength", "destinationIPv6PrefixLength"), nil},
		{"fwd_status", other("forwardingStatus"), forwarding},
		{"mpls_label_stack", labels, listed},
		{"custom_primitives.mpls_tl_ipv4_address", other("mplsTopLabelIPv4Address"), nil},
		{"custom_primitives.mpls_tl_prefix_length", other("mplsTopLabelPrefixLength"), nil},
		{"custom_primitives.mpls_tl_type", other("mplsTopLabelType"), nil},
		{"custom_primitives.vrf_id_ingress", other("ingressVRFID"), nil},
		{"custom_primitives.vrf_id_egress", other("egressVRFID"), nil},
		// pmacct renormalises where it knows the sampling, as the estimates do.
		{"bytes", key("bytes_estimated"), nil},
		{"packets", key("packets_estimated"), nil},
	}
}

func other(names ...string) func(map[string]any) any {
	return func(r map[string]any) any {
		fields, _ := r["other"].(map[string]any)
		for _, n := range names {
			if v, ok := fields[n]; ok {
				return v
			}
		}
		return nil
	}
}

// seconds writes one of our times as pmacct does: what NetFlow 9 tells by the
// exporter's uptime, which we keep to the millisecond, as export time less the
// whole seconds since, which is the next full second.
func seconds(name string) func(map[string]any) any {
	return func(r map[string]any) any {
		s, ok := r[name].(string)
		if !ok {
			return nil
		}
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return err.Error()
		}
		if r["version"] == "9" {
			at = at.Add(time.Second - time.Nanosecond).Truncate(time.Second)
		}
		return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
	}
}

func protocolNumber(v any) any {
	return map[string]string{"tcp": "6", "udp": "17", "ipv6-icmp": "58", "vrrp": "112"}[v.(string)]
}

func flagBits(v any) any {
	bits := 0
	for _, name := range v.([]any) {
		bits |= map[string]int{"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}[name.(string)]
	}
	return strconv.Itoa(bits)
}

// forwarding reads what pmacct calls the codes of element 89 (RFC 7270, 4.12).
func forwarding(v any) any {
	return map[string]string{"UNKNOWN Unclassified": "0", "FORWARDED Unknown": "64", "CONSUMED For us": "195"}[v.(string)]
}

// labels writes our label stack as pmacct does: 20 bits of each that is not 0.
func labels(r map[string]any) any {
	fields, _ := r["other"].(map[string]any)
	var all []string
	for i := range 10 {
		name := "mplsTopLabelStackSection"
		if i > 0 {
			name = fmt.Sprintf("mplsLabelStackSection%d", i+1)
		}
		digits, ok := fields[name].(string)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 16, 32)
		if err != nil {
			return err.Error()
		}
		if n>>4 != 0 {
			all = append(all, fmt.Sprintf("%d-%d", i, n>>4))
		}
	}
	if all == nil {
		return nil
	}
	return strings.Join(all, " ")
}

func listed(v any) any {
	var all []string
	for _, e := range v.([]any) {
		all = append(all, e.(string))
	}
	return strings.Join(all, " ")
}

// theirs finds a field of pmacct's record, of which some are in an object.
func theirs(r map[string]any, name string) any {
	outer, inner, nested := strings.Cut(name, ".")
	if !nested {
		return r[name]
	}
	fields, _ := r[outer].(map[string]any)
	return fields[inner]
}

// differences lists where a record of ours is not pmacct's.
func differences(ours, expected map[string]any) (all []string, compared int) {
	for _, m := range mapping() {
		want, got := theirs(expected, m.theirs), m.ours(ours)
		if want == nil || got == nil {
			continue // one side does not carry it
		}
		if m.value != nil {
			want = m.value(want)
		}
		compared++
		if fmt.Sprint(got) != fmt.Sprint(want) {
			all = append(all, fmt.Sprintf("%s is %v, want %v", m.theirs, got, want))
		}
	}
	return all, compared
}

// least is how many fields each record must at least have in common with
// pmacct's, so that a comparison of nothing does not pass.
const least = 11

func TestRecordsArePmaccts(t *testing.T) {
	folders, err := filepath.Glob("testdata/pmacct/*-*")
	if err != nil || len(folders) != 4 {
		t.Fatalf("%d folders, %v", len(folders), err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(folder, "output-flow-00.json"))
			if err != nil {
				t.Fatal(err)
			}
			expected := records(t, data)
			got := decoded(t, filepath.Join(folder, "traffic-00.pcap"))
			if len(got) != len(expected) {
				t.Errorf("%d records, want %d", len(got), len(expected))
			}
			for _, want := range expected {
				take(t, &got, want)
			}
		})
	}
}

// take finds the record of ours that is pmacct's and takes it out; pmacct prints
// them in an order of its own.
func take(t *testing.T, got *[]map[string]any, want map[string]any) {
	t.Helper()
	closest := []string{"there is none left"}
	for i, r := range *got {
		wrong, compared := differences(r, want)
		if len(wrong) == 0 && compared >= least {
			*got = slices.Delete(*got, i, i+1)
			return
		}
		if i == 0 || len(wrong) < len(closest) {
			closest = wrong
		}
	}
	t.Errorf("no record equals %v > %v; the closest differs: %s", want["ip_src"], want["ip_dst"], strings.Join(closest, "; "))
}
