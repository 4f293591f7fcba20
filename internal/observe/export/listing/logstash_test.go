package listing_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"downpour"
	"downpour/internal/observe/export"
)

// refusals are what is wrong with the payloads of real exporters: the invalid
// ones, and data whose template is in none of the files.
func refusals() map[string]string {
	const count, never = "refused: the count contradicts the length", "data set whose template never came"
	return map[string]string{
		"netflow5_test_invalid01.dat":                                   count,
		"netflow5_test_invalid02.dat":                                   count,
		"netflow9_test_invalid01.dat":                                   count,
		"ipfix_test_netscaler_data.dat":                                 never,
		"netflow9_test_iptnetflow_reduced_size_encoding_tpldata260.dat": never,
	}
}

// templatesOnly are the exporters whose files hold templates and options alone.
func templatesOnly() []string {
	return []string{"ipfix_test_juniper_mx240_junos151r6s3", "netflow9_test_cisco_wlc_8510", "netflow9_test_juniper_srx"}
}

// TestRealPayloads decodes all payloads together, grouped by name, in both orders
// of naming: data before their templates too.
func TestRealPayloads(t *testing.T) {
	paths, err := filepath.Glob("../../netflow/testdata/logstash/*.dat")
	if err != nil || len(paths) != 92 {
		t.Fatalf("%d payloads, %v", len(paths), err)
	}
	for _, order := range []string{"by name", "backwards"} {
		r := &export.Reader{}
		for _, p := range paths {
			if err := r.AddFile(p, export.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		lines := map[string]int{}
		err := export.Walk(r, func(w *export.Walked) error {
			lines[w.Exporter] += max(len(w.Records), 1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		checkRefusals(t, order, r.Inputs())
		checkLines(t, order, paths, lines)
		slices.Reverse(paths)
	}
}

func checkRefusals(t *testing.T, order string, inputs []downpour.Input) {
	t.Helper()
	want := refusals()
	for _, in := range inputs {
		name := filepath.Base(in.Name)
		switch {
		case want[name] == "" && len(in.Problems) > 0:
			t.Errorf("%s: %s: %v", order, name, in.Problems)
		case want[name] != "" && (len(in.Problems) != 1 || in.Problems[0].Says != want[name]):
			t.Errorf("%s: %s: %v, want %q", order, name, in.Problems, want[name])
		}
	}
}

func checkLines(t *testing.T, order string, paths []string, lines map[string]int) {
	t.Helper()
	total := 0
	for _, n := range lines {
		total += n
	}
	if total != 493 {
		t.Errorf("%s: %d records, want 493", order, total)
	}
	for _, p := range paths {
		name := filepath.Base(p)
		group := name
		for _, mark := range []string{"_tpl", "_opttpl", "_data"} {
			group, _, _ = strings.Cut(group, mark)
		}
		silent := strings.Contains(name, "invalid") || slices.Contains(templatesOnly(), group)
		if (lines[group] == 0) != silent {
			t.Errorf("%s: %s has %d records", order, group, lines[group])
		}
	}
}
