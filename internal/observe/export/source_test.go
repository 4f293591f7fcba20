package export_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour"
	golden "downpour/internal/golden/export"
	"downpour/internal/observe"
	"downpour/internal/observe/export"
	"downpour/internal/observe/flow"
)

// noon is when the tests play.
var noon = time.Date(2024, 5, 14, 12, 0, 0, 0, time.UTC).UnixNano()

var collector = netip.MustParseAddrPort("192.0.2.250:2055")

// day is traffic of 5,000 flows in ten seconds.
func day() []golden.Flow {
	l := &golden.Load{Seed: 1, Network: netip.MustParsePrefix("198.18.0.0/21"), Targets: 200, Sources: 5000, Longest: time.Second, Interfaces: 3}
	var all []golden.Flow
	for i := range 10 {
		all = append(all, l.Flows(500, noon+int64(i)*int64(time.Second))...)
	}
	return all
}

// datagrams exports flows each second.
func datagrams(s golden.Settings, flows []golden.Flow) []golden.Datagram {
	if s.Boot == 0 {
		s.Boot = noon - int64(time.Hour)
	}
	e := golden.NewEncoder(s)
	var all []golden.Datagram
	for i := 0; i < len(flows); i += 500 {
		all = e.Flows(all, flows[i].Exported+int64(100*time.Millisecond), flows[i:i+500])
	}
	return all
}

func captureOf(t testing.TB, all []golden.Datagram) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := golden.WriteCapture(&out, collector, all); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// written puts files into a folder of their own and returns their paths.
func written(t testing.TB, files map[string][]byte, order ...string) (paths []string) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range order {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, files[name], 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// reader opens files.
func reader(t testing.TB, paths ...string) *export.Reader {
	t.Helper()
	r := &export.Reader{}
	for _, p := range paths {
		if err := r.AddFile(p, export.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// drained reads a source to its end and holds its batches to what they promise.
func drained(t testing.TB, s *export.Source) (flows []downpour.Flow) {
	t.Helper()
	var b observe.Batch
	now := int64(0)
	for {
		err := s.Next(&b)
		if errors.Is(err, io.EOF) {
			if len(b.Flows) > 0 {
				t.Error("flows with the end")
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Flows) > observe.BatchSize || b.Now < now || b.Delay < int64(2*time.Minute) || b.Delay > int64(10*time.Minute) {
			t.Fatalf("a batch of %d flows at %d after %d, delay %d", len(b.Flows), b.Now, now, b.Delay)
		}
		now = b.Now
		flows = append(flows, b.Flows...)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return flows
}

// sum adds flows up by what they stand for.
func sum(flows []downpour.Flow) (t golden.Totals) {
	for i := range flows {
		n := uint64(flows[i].Sampling)
		t.Flows++
		t.Packets += uint64(flows[i].Packets) * n
		t.Bytes += flows[i].Bytes * n
	}
	return t
}

// problem finds the problem of an input that says something.
func problem(in downpour.Input, says string) (downpour.Problem, bool) {
	for _, p := range in.Problems {
		if strings.Contains(p.Says, says) {
			return p, true
		}
	}
	return downpour.Problem{}, false
}

func TestCapturesOfEachProtocolGiveWhatWasExported(t *testing.T) {
	for _, v := range []flow.Version{flow.NetFlow5, flow.NetFlow9, flow.IPFIX} {
		t.Run(v.String(), func(t *testing.T) {
			flows := day()
			settings := golden.Settings{Version: v, Interfaces: []golden.Interface{{Number: 2, Name: "ix"}}}
			all := datagrams(settings, flows)
			path := written(t, map[string][]byte{"x.pcap": captureOf(t, all)}, "x.pcap")
			ingresses := flow.NewIngresses()
			s := export.NewSource(reader(t, path...), export.Config{Ingresses: ingresses})
			got := drained(t, s)
			if sum(got) != golden.Sum(flows, 1) {
				t.Errorf("totals are %+v, want %+v", sum(got), golden.Sum(flows, 1))
			}
			in := s.Inputs()[0]
			if in.Kind != "flow export" || in.Packets != uint64(len(all)) || in.Records != 5000 || len(in.Problems) != 0 {
				t.Errorf("account is %+v", in)
			}
			if in.Start.UnixNano() < noon-int64(2*time.Second) || in.End.UnixNano() > noon+int64(10*time.Second) {
				t.Errorf("from %v to %v", in.Start, in.End)
			}
			checkIngress(t, ingresses, got, v)
		})
	}
}

func checkIngress(t *testing.T, ingresses *flow.Ingresses, got []downpour.Flow, v flow.Version) {
	t.Helper()
	places := map[downpour.Ingress]int{}
	for i := range got {
		places[ingresses.Lookup(got[i].Ingress)]++
	}
	second := downpour.Ingress{Exporter: "192.0.2.1", Interface: "ix"}
	if v == flow.NetFlow5 { // has no options
		second.Interface = "2"
	}
	if len(places) != 3 || places[second] < 1000 {
		t.Errorf("places are %v", places)
	}
}

func TestAClockAnHourOffIsCorrectedAndTold(t *testing.T) {
	for _, v := range []flow.Version{flow.NetFlow5, flow.NetFlow9, flow.IPFIX} {
		flows := day()
		path := written(t, map[string][]byte{"x.pcap": captureOf(t, datagrams(golden.Settings{Version: v, ClockOff: time.Hour}, flows))}, "x.pcap")
		s := export.NewSource(reader(t, path...), export.Config{})
		for _, f := range drained(t, s) {
			if f.Time < noon-int64(2*time.Second) || f.Time > noon+int64(11*time.Second) {
				t.Fatalf("%s: a flow at %v", v, time.Unix(0, f.Time).UTC())
			}
		}
		p, told := problem(s.Inputs()[0], "clock is off")
		if !told || !strings.Contains(p.Says, "ahead; corrected") || !strings.Contains(p.Says, "192.0.2.1 is ") {
			t.Errorf("%s: problems are %v", v, s.Inputs()[0].Problems)
		}
	}
}

func TestLossAndDoublesAreTold(t *testing.T) {
	flows := day()
	all := datagrams(golden.Settings{Version: flow.IPFIX}, flows)
	lost := all[20].Records
	doubled := append(append(append([]golden.Datagram{}, all[:20]...), all[21:60]...), all[59])
	doubled = append(doubled, all[60:]...)
	path := written(t, map[string][]byte{"x.pcap": captureOf(t, doubled)}, "x.pcap")
	s := export.NewSource(reader(t, path...), export.Config{})
	if got := drained(t, s); len(got) != 5000-lost {
		t.Errorf("%d flows, want %d", len(got), 5000-lost)
	}
	in := s.Inputs()[0]
	if p, _ := problem(in, "missing, by"); p.Count != lost {
		t.Errorf("%d are missing, want %d: %v", p.Count, lost, in.Problems)
	}
	if p, _ := problem(in, "came twice"); p.Count != 1 {
		t.Errorf("problems are %v", in.Problems)
	}
}

func TestTemplatesHoldAcrossRotatedFiles(t *testing.T) {
	flows := day()
	all := datagrams(golden.Settings{Version: flow.NetFlow9, TemplatesEvery: 1000}, flows)
	half := len(all) / 2
	files := map[string][]byte{"a": captureOf(t, all[:half]), "b": captureOf(t, all[half:])}
	paths := written(t, files, "b", "a") // named in the wrong order
	s := export.NewSource(reader(t, paths...), export.Config{})
	if got := sum(drained(t, s)); got != golden.Sum(flows, 1) {
		t.Errorf("totals are %+v, want %+v", got, golden.Sum(flows, 1))
	}
	for i, in := range s.Inputs() {
		if in.Name != paths[i] || in.Records == 0 || len(in.Problems) != 0 {
			t.Errorf("account %d is %+v", i, in)
		}
	}
	// The second alone has no templates.
	alone := export.NewSource(reader(t, paths[0]), export.Config{})
	if got := drained(t, alone); len(got) != 0 {
		t.Errorf("%d flows without a template", len(got))
	}
	if p, told := problem(alone.Inputs()[0], "template never came"); !told || p.Count < len(all)-half {
		t.Errorf("problems are %v", alone.Inputs()[0].Problems)
	}
}

func TestPayloadsWaitForTemplatesNamedLater(t *testing.T) {
	flows := day()[:500]
	all := datagrams(golden.Settings{Version: flow.NetFlow9}, flows)
	// The first datagram holds templates and data; alone the templates come last.
	files := map[string][]byte{"r_data1": all[1].Message, "r_data2": all[2].Message, "r_tpl": all[0].Message, "other": all[1].Message}
	paths := written(t, files, "r_data1", "r_data2", "r_tpl", "other")
	s := export.NewSource(reader(t, paths...), export.Config{Doubled: true})
	want := all[0].Records + all[1].Records + all[2].Records
	if got := drained(t, s); len(got) != want {
		t.Errorf("%d flows, want %d", len(got), want)
	}
	for i, in := range s.Inputs() {
		_, never := problem(in, "template never came")
		if never != (i == 3) {
			t.Errorf("%s: problems are %v", in.Name, in.Problems)
		}
	}
}

func TestConfiguredExportersAreBelieved(t *testing.T) {
	flows := day()
	path := written(t, map[string][]byte{"x": captureOf(t, datagrams(golden.Settings{Version: flow.IPFIX}, flows))}, "x")
	ingresses := flow.NewIngresses()
	s := export.NewSource(reader(t, path...), export.Config{
		Ingresses: ingresses,
		Known: map[downpour.Address]export.Known{downpour.AddressFrom(netip.MustParseAddr("192.0.2.1")): {
			Name: "edge1", Sampling: 10, Interfaces: map[uint32]export.KnownInterface{2: {Name: "transit-a"}},
		}},
	})
	got := drained(t, s)
	if sum(got) != golden.Sum(flows, 10) {
		t.Errorf("totals are %+v, want %+v", sum(got), golden.Sum(flows, 10))
	}
	names := map[string]bool{}
	for i := range got {
		place := ingresses.Lookup(got[i].Ingress)
		names[place.Exporter+"/"+place.Interface] = true
	}
	if !names["edge1/transit-a"] {
		t.Errorf("places are %v", names)
	}
}

// BenchmarkSource reads a capture from the file to flows, without the filter for
// what is told twice, which has a benchmark of its own.
func BenchmarkSource(b *testing.B) {
	l := &golden.Load{Seed: 1, Network: netip.MustParsePrefix("198.18.0.0/21"), Targets: 200, Sources: 5000, Interfaces: 3}
	var flows []golden.Flow
	for i := range 100 {
		flows = append(flows, l.Flows(1000, noon+int64(i)*int64(time.Second))...)
	}
	path := written(b, map[string][]byte{"x": captureOf(b, datagrams(golden.Settings{Version: flow.NetFlow9}, flows))}, "x")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n += len(drained(b, export.NewSource(reader(b, path...), export.Config{Doubled: true})))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}

// TestTwoExportersOfTheSameTrafficCountOnce gives two routers' captures together,
// and two of disjoint traffic.
func TestTwoExportersOfTheSameTrafficCountOnce(t *testing.T) {
	first := golden.Settings{Version: flow.NetFlow9, From: netip.MustParseAddrPort("192.0.2.1:50000")}
	second := golden.Settings{Version: flow.IPFIX, From: netip.MustParseAddrPort("192.0.2.2:50000")}
	flows, others := day(), (&golden.Load{Seed: 2, Network: netip.MustParsePrefix("198.18.0.0/21"), Targets: 200, Sources: 5000, Interfaces: 3}).Flows(500, noon)
	for name, c := range map[string]struct {
		second []golden.Flow
		want   golden.Totals
	}{
		"same":     {flows, golden.Sum(flows, 1)},
		"disjoint": {others, golden.Sum(append(append([]golden.Flow{}, flows...), others...), 1)},
	} {
		files := map[string][]byte{"a": captureOf(t, datagrams(first, flows)), "b": captureOf(t, datagrams(second, c.second))}
		s := export.NewSource(reader(t, written(t, files, "a", "b")...), export.Config{})
		got := sum(drained(t, s))
		if got.Bytes != c.want.Bytes || got.Packets != c.want.Packets {
			t.Errorf("%s: totals are %+v, want %+v", name, got, c.want)
		}
		_, told := problem(s.Input(), "tells of too")
		if told != (name == "same") {
			t.Errorf("%s: problems are %v", name, s.Input().Problems)
		}
	}
}
