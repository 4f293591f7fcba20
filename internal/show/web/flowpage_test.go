package web

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// flowHealth has an exporter in each state.
func flowHealth(f Frame) *FlowHealth {
	seen, rate, lost, none := f.Now.Add(-2*time.Second), 12345.6, uint64(812), uint64(0)
	offset, delay := time.Hour, 61*time.Second
	speed := 3.2e9
	return &FlowHealth{
		Listen: []string{"udp://0.0.0.0:2055", "sflow://0.0.0.0:6343"}, Delay: delay, UnknownDatagrams: 44,
		Exporters: []ExporterHealth{
			{Name: "edge1", Address: "203.0.113.1", Versions: []string{"NetFlow v9"}, LastSeen: &seen, PerSecond: &rate, Datagrams: 9000, Records: 1234567,
				LostDatagrams: &lost, Waiting: 3, Dropped: 4, Sampling: 1000, SamplingBy: "exporter", Offset: &offset, Corrected: true, Delay: &delay,
				Late: 17, LateBytes: 1 << 20, Shed: 5, Refused: []Shed{{"edge1", "an impossible template", 2}},
				Notes: []Warning{{"edge1 has a wrong clock", "Its clock is 60 min behind.", "ntp server"}, {"edge1 can't show less than 61 s", "Set it to 10 s:", "cache timeout active 10"}}},
			{Name: "2001:db8::1", Via: "203.0.113.9", Versions: []string{"sFlow v5"}, LastSeen: &seen, PerSecond: &rate, Records: 10, Datagrams: 3, LostDatagrams: &none,
				Load: []InterfaceLoad{{Name: "Ethernet1", Up: true, Speed: 10e9, In: &speed, Discards: &rate}, {Name: "2"}}},
			{Name: "edge3", Address: "203.0.113.3", Silent: true, LastSeen: &seen},
			{Name: "edge4", Address: "203.0.113.4"},
		},
		Unknown: []UnknownExporter{{"198.51.100.9", "IPFIX", 40, seen}, {hostile, "", 4, seen}},
		Overlap: []string{"edge2 at interface 7 tells of what edge1 told; it is left out."},
	}
}

// TestFlowIsToldHonestly: what is not known is not told as none, and what was
// lost stands there.
func TestFlowIsToldHonestly(t *testing.T) {
	var b bytes.Buffer
	f := Frame{Now: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC), Operator: true, CSRF: "token"}
	if err := newPages(t).HealthData(&b, HealthView{Frame: f, Flow: flowHealth(f)}); err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(b.String(), nbsp, " ")
	for _, want := range []string{
		"812 datagrams (8 %)", "3,600 s behind, corrected", "up to 61 s", "1:1,000 (by exporter)", "17 late (1 MiB)", "2 an impossible template",
		"3 waiting for a template", "0 datagrams", "not known", "never seen", "silent", "3.2 Gbit/s (32 %)",
		`action="/ops/exporters/198.51.100.9/allow"`, "nothing that we know", "edge2 at interface 7",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "<script>alert") {
		t.Error("a name is not escaped")
	}
}

// TestAnswerIsTrue holds the first sentence of /health/data against what the
// rest of the page says.
func TestAnswerIsTrue(t *testing.T) {
	seen := time.Unix(0, 0)
	sending, never := []InputHealth{{Name: "edge1", LastSeen: &seen}}, []InputHealth{{Name: "edge1"}}
	unknown := &FlowHealth{Unknown: []UnknownExporter{{Address: "192.0.2.1"}}, Setup: []SetupLines{{Maker: "X"}}}
	noted := &FlowHealth{Exporters: []ExporterHealth{{Notes: []Warning{{Title: "a"}, {Title: "b"}}}}}
	tests := []struct {
		view HealthView
		want string
	}{
		{HealthView{}, "No data comes in."},
		{HealthView{Inputs: never}, "Nothing has come in yet."},
		{HealthView{Inputs: sending}, "Data comes in, and none is known to be lost."},
		{HealthView{Inputs: sending, Shed: []Shed{{"queue", "full", 1}}}, "Data comes in, but some of it was lost."},
		{HealthView{Inputs: never, Shed: []Shed{{"queue", "full", 1}}}, "Data comes in, but some of it was lost."},
		{HealthView{Inputs: sending, Flow: noted}, "Two things need your attention."},
		{HealthView{Inputs: never, Flow: unknown}, "Only exporters that are not allowed yet send here."},
	}
	for _, tt := range tests {
		if got, _ := tt.view.answer(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.view, got, tt.want)
		}
	}
}
